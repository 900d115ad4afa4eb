// Any CloudEvent can start an execution of a pipeline, once.

import * as Effect from "effect/Effect"
import { objectName, type Ref } from "../api/meta.ts"
import { Cluster } from "../cluster.ts"
import { givenParams } from "../events/given-params.ts"
import { surroundings } from "../execution/accept.ts"
import { findParamProblems } from "../execution/params.ts"
import { findProblems } from "../execution/problems.ts"
import { type StartingEvent, startedExecution } from "../resources/execution.ts"
import { kubernetesEvent } from "../resources/kubernetes-event.ts"
import { refusedByApi } from "./api-answers.ts"
import { counted } from "./counted.ts"
import { expressionsFor } from "./expressions.ts"
import { NotTaken } from "./not-taken.ts"
import { now } from "./now.ts"
import { originOf } from "./origin.ts"
import { reconcile } from "./reconcile.ts"
import { startOnce } from "./start-once.ts"
import { type Sender, starterOf } from "./starter.ts"

/** As `start`, where a Peanut that serves one namespace is not asked for another, and the names can be names. */
export const startIn = (served: string | undefined, ref: Ref, event: StartingEvent, sender?: Sender) => {
  const problem = pathProblem(served, ref)
  const work = problem === undefined ? start(ref, event, sender) : Effect.fail(new NotTaken({ message: problem }))
  return work.pipe(counted("Start"))
}

function pathProblem(served: string | undefined, { namespace, name }: Ref): string | undefined {
  if (served !== undefined && namespace !== served) return `this Peanut serves namespace "${served}" only`
  const areNames = [namespace, name].every((part) => objectName.safeParse(part).success)
  return areNames ? undefined : "the path must be /namespaces/NAMESPACE/pipelines/NAME, with valid names"
}

/**
 * Starts an execution of this pipeline for this event; the same event again starts nothing. Where senders have a token,
 * `sender` is whose it is. An event that the pipeline does not ask for leaves no trace: whoever sends it decides about
 * nothing that is kept.
 */
export const start = Effect.fn("start")(function* (ref: Ref, event: StartingEvent, sender?: Sender) {
  const cluster = yield* Cluster
  // Alone: whoever may not start it must not make the controller read its stages.
  const pipeline = yield* cluster.pipelineAlone(ref).pipe(
    Effect.catchTags({
      NotFound: () => notTaken(`there is no PeanutPipeline "${ref.name}" in namespace "${ref.namespace}"`),
      Malformed: ({ message }) => notTaken(message),
      Refused: refusedByApi,
    }),
  )
  const { metadata, spec } = pipeline
  const origin = yield* originOf(pipeline, event)
  const startedBy = yield* starterOf(pipeline, origin, sender)
  if (origin._tag === "Held") return yield* notTaken(origin.why)
  if (origin._tag === "Event" && (spec.events ?? []).length === 0) return yield* notTaken(closed(ref.name))
  if (spec.suspend) return yield* refuse(metadata, `pipeline "${ref.name}" is suspended`)
  const given = origin._tag === "Schedule" ? { params: origin.schedule.params ?? [] } : givenParams(event.data)
  if ("problem" in given) return yield* refuse(metadata, given.problem, "params")
  const whose = {
    giver: origin._tag === "Schedule" ? `schedule "${origin.schedule.name}"` : "the event",
    declarer: `pipeline "${ref.name}"`,
  }
  const mistakes = findParamProblems(spec.params, given.params, whose)
  if (mistakes.length > 0) return yield* refuse(metadata, mistakes.join("; "), "params")
  const stages = yield* cluster.stagesOf(pipeline).pipe(Effect.catchTag("Refused", refusedByApi))
  const around = surroundings({ stages, expressions: yield* expressionsFor(spec) })
  const problems = findProblems(ref.name, spec, around)
  if (problems.length > 0) return yield* refuse(metadata, problems.map(({ message }) => message).join("; "))

  const schedule = origin._tag === "Schedule" ? origin.schedule.name : undefined
  const execution = startedExecution({ pipeline: ref, event, schedule, params: given.params, startedBy })
  yield* startOnce(execution).pipe(
    Effect.catchTags({
      NotTaken: ({ message }) => refuse(metadata, message, "another event"),
      NotFound: ({ message }) => notTaken(message),
      Refused: (error) => (error.status === 403 ? refusedByApi(error) : refuse(metadata, error.message, "refused")),
    }),
  )
  // The event source will say so too, but there is no need to wait for it.
  yield* reconcile(execution.metadata)
})

const closed = (name: string) => `pipeline "${name}" starts by no event; events: [{}] in its spec lets events start it`

/** Answers the sender alone. */
const notTaken = (message: string) => Effect.fail(new NotTaken({ message }))

/**
 * Answers the sender, and tells whoever looks at the pipeline, once for each key. Where the message repeats what the event
 * says, the key must not: else whoever sends events could make as many Kubernetes Events.
 */
const refuse = (about: Ref & { readonly uid: string }, message: string, key = message) =>
  Effect.gen(function* () {
    const cluster = yield* Cluster
    const announcement = {
      type: "Warning",
      reason: "NotStarted",
      message: `an event started nothing: ${message}`,
      key,
    } as const
    yield* cluster.announce([kubernetesEvent("PeanutPipeline", about, announcement, yield* now)])
    return yield* notTaken(message)
  })
