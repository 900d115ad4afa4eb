// What Peanut asks of an API server, as few verbs as it needs: the seam between the controller and every world it
// runs in. Implemented over HTTPS for a real API server, and by an in-memory store for a laptop and for tests.

import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import { group, type Ref, version } from "../api/meta.ts"
import type { Patch } from "./status-patch.ts"

/** The object, or the namespace it should be created in, does not exist. */
export class NotFound extends Data.TaggedError("NotFound")<{
  readonly message: string
  /** It is not this object that is missing: the API server knows no such kind. */
  readonly isUnknownKind?: boolean
}> {}
/** Somebody wrote the object since it was read: read again. */
export class Conflict extends Data.TaggedError("Conflict")<{ readonly message: string }> {}
/** An object of that name exists. */
export class AlreadyExists extends Data.TaggedError("AlreadyExists")<{ readonly message: string }> {}
/**
 * The API server understood and said no: invalid, denied by admission, forbidden, over quota. Decide by the fields: the
 * message quotes names and values that users choose.
 */
export class Refused extends Data.TaggedError("Refused")<{
  readonly message: string
  /** The code of the answer. */
  readonly status: number
  /** Such as `Forbidden` or `Invalid`. */
  readonly reason: string
  /** The reasons of the causes, as far as they have one, such as `NamespaceTerminating` or `FieldValueInvalid`. */
  readonly causes: readonly string[]
  /** The API server's own words: the message without the name of the object in front of them. */
  readonly said: string
}> {}

/** Whether these are the words with which an API server begins the answer of a webhook or of a policy. No field says so. */
export const isDenial = (said: string): boolean => denials.some((start) => said.startsWith(start))
const denials = ['admission webhook "', "ValidatingAdmissionPolicy '"]

/** No useful answer: unreachable, overloaded, too slow. The call may have been carried out. */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  readonly message: string
  /** What became of the call, where there was no answer. */
  readonly cause?: unknown
  /** The status of the answer, where there was one. */
  readonly status?: number
}> {}

/** A resource by which objects are addressed. */
export interface Resource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
}

export const resources = {
  stages: { group, version, plural: "peanutstages", kind: "PeanutStage" },
  pipelines: { group, version, plural: "peanutpipelines", kind: "PeanutPipeline" },
  executions: { group, version, plural: "peanutpipelineexecutions", kind: "PeanutPipelineExecution" },
  jobs: { group: "batch", version: "v1", plural: "jobs", kind: "Job" },
  events: { group: "", version: "v1", plural: "events", kind: "Event" },
  pods: { group: "", version: "v1", plural: "pods", kind: "Pod" },
  pingSources: { group: "sources.knative.dev", version: "v1", plural: "pingsources", kind: "PingSource" },
} as const satisfies Record<string, Resource>

/**
 * Which objects to list: in all namespaces unless one is named. Labels and fields must all be equal; a label for which
 * there is a list, equal to one of it.
 */
export interface Selection {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string | readonly string[]>>
  /** Only fields by which the API server can select, such as `status.successful` of a Job. */
  readonly fields?: Readonly<Record<string, string>>
  /** Fields, of the same kind, that must equal none of these. */
  readonly notFields?: Readonly<Record<string, readonly string[]>>
  /**
   * A version of an object of this kind: the answer may then be as old as that. One of now can take a tenth of a second
   * longer, in which the API server waits to hear from etcd that nothing is newer.
   */
  readonly notOlderThan?: string | undefined
  /** Only the metadata of each is asked for, and comes. */
  readonly isMetadataOnly?: boolean
  /** Asked after each page: whether no further one is needed. */
  readonly isEnough?: () => boolean
}

export interface ObjectApi {
  get(resource: Resource, ref: Ref): Effect.Effect<unknown, NotFound | Refused | Unavailable>
  /** What `read` makes of each; it is called as they come, so that no more of a long list is held than it keeps. */
  list<T>(
    resource: Resource,
    selection: Selection,
    read: (object: unknown) => T,
  ): Effect.Effect<readonly T[], Refused | Unavailable>
  create(
    resource: Resource,
    namespace: string,
    object: object,
  ): Effect.Effect<unknown, AlreadyExists | NotFound | Refused | Unavailable>
  /**
   * Patches the object or its status; with `metadata.resourceVersion` in the patch, only if still current. The object as
   * written, of which a patch of the status may return the metadata alone.
   */
  patch(
    resource: Resource,
    ref: Ref,
    patch: Patch,
    subresource?: "status",
  ): Effect.Effect<unknown, Conflict | NotFound | Refused | Unavailable>
  /** Deletes the object, if it is the one of this UID where one is named; and in time all that it owns. */
  delete(
    resource: Resource,
    object: Ref & { readonly uid?: string },
  ): Effect.Effect<void, Conflict | NotFound | Refused | Unavailable>
}
