// The verbs of ObjectApi as requests to a real API server, and its answers as Peanut's errors.

import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import type { Ref } from "../../api/meta.ts"
import { apiRequestBytesTotal, apiRequestsTotal, apiResponseBytesTotal } from "../../metrics.ts"
import {
  type AlreadyExists,
  type Conflict,
  type NotFound,
  type ObjectApi,
  type Refused,
  type Resource,
  type Selection,
  Unavailable,
} from "../object-api.ts"
import { failure } from "./failure.ts"
import { AnswerTooLong, type Call, type HttpClient, json } from "./http-client.ts"
import { firstPage, maxPageBytes, nextPage } from "./page-size.ts"

/** How long one call may take. The event that caused it is answered with 503 after that, and comes again. */
const callTimeout = "15 seconds"
export function kubernetesApi(client: HttpClient): ObjectApi {
  const call = (verb: keyof ObjectApi, { plural }: Resource, request: Call) =>
    Effect.tryPromise({
      try: (signal) => client(request, signal),
      catch: (cause) => new Unavailable({ message: `${request.method} ${request.path}: ${String(cause)}`, cause }),
    }).pipe(
      Effect.timeoutOrElse({
        duration: callTimeout,
        orElse: () =>
          Effect.fail(new Unavailable({ message: `${request.method} ${request.path}: no answer in ${callTimeout}` })),
      }),
      Effect.tap(({ status, bytes }) => count(verb, plural, String(status), request.body?.length ?? 0, bytes)),
      Effect.tapError(() => count(verb, plural, "none")),
      Effect.flatMap(({ status, body, bytes }) =>
        status < 300
          ? Effect.map(expected(body, request), (body) => ({ body, bytes }))
          : Effect.fail(failure(status, body)),
      ),
    )

  const page = (
    resource: Resource,
    { namespace, labels, fields, notFields, notOlderThan, isMetadataOnly }: Selection,
    token: string,
    limit: number,
  ) => {
    const query = new URLSearchParams({ limit: String(limit) })
    if (labels !== undefined) query.set("labelSelector", selector(labels))
    const fieldSelector = [selector(fields), exclusion(notFields)].filter((part) => part !== "").join(",")
    if (fieldSelector !== "") query.set("fieldSelector", fieldSelector)
    if (token !== "") query.set("continue", token)
    else if (notOlderThan !== undefined) {
      query.set("resourceVersion", notOlderThan)
      query.set("resourceVersionMatch", "NotOlderThan")
    }
    const path = `${collection(resource, namespace)}?${query}`
    return call("list", resource, {
      method: "GET",
      path,
      ...(limit > 1 && { maxBytes: maxPageBytes }),
      ...(isMetadataOnly && { accept: metadataListOnly }),
    }).pipe(
      Effect.catchTags({ NotFound: surprised, Conflict: surprised, AlreadyExists: surprised }),
      Effect.flatMap(({ body, bytes }) => {
        const { items, metadata } = body as { items?: unknown; metadata: { continue?: unknown } | null }
        const next = metadata?.continue
        // Of metadata alone, an empty list is null.
        const found = isMetadataOnly && items === null ? [] : items
        if (Array.isArray(found)) {
          return Effect.succeed({
            items: found as readonly object[],
            next: typeof next === "string" ? next : "",
            bytes,
          })
        }
        return Effect.fail(new Unavailable({ message: `the answer to a list of ${resource.plural} is no list` }))
      }),
    )
  }

  const pages = Effect.fnUntraced(function* <T>(
    resource: Resource,
    selection: Selection,
    read: (object: unknown) => T,
  ) {
    const kept: T[] = []
    let limit = firstPage(resource)
    let token = ""
    for (;;) {
      const answer: Result.Result<
        Effect.Success<ReturnType<typeof page>>,
        Refused | Unavailable
      > = yield* Effect.result(page(resource, selection, token, limit))
      if (Result.isFailure(answer)) {
        const isTooLong = answer.failure._tag === "Unavailable" && answer.failure.cause instanceof AnswerTooLong
        if (!isTooLong || limit === 1) return yield* answer.failure
        limit = Math.max(1, Math.floor(limit / 8))
        continue
      }
      const { items, next, bytes } = answer.success
      for (const item of items) kept.push(read(item))
      limit = nextPage(limit, items.length, bytes)
      token = next
      if (next === "" || selection.isEnough?.()) return kept
    }
  })

  return {
    get: (resource, ref) =>
      call("get", resource, { method: "GET", path: item(resource, ref) }).pipe(
        Effect.map(bodyOf),
        Effect.catchTags({ Conflict: surprised, AlreadyExists: surprised }),
      ),

    list: (resource, { notOlderThan, ...selection }, read) => {
      const ofNow = pages(resource, selection, read)
      if (notOlderThan === undefined) return ofNow
      // An API server that never comes to hear of that version says so after three seconds.
      return Effect.catch(pages(resource, { ...selection, notOlderThan }, read), () => ofNow)
    },

    create: (resource, namespace, object) =>
      call("create", resource, {
        method: "POST",
        path: collection(resource, namespace),
        body: json(object),
        isOnce: "generateName" in ((object as { metadata?: object }).metadata ?? {}),
      }).pipe(
        Effect.map(bodyOf),
        // Not about this object: two creations raced to charge the same quota.
        Effect.catchTags({ Conflict: surprised }),
      ),

    patch: (resource, ref, patch, subresource) =>
      call("patch", resource, {
        method: "PATCH",
        path: item(resource, ref) + (subresource === undefined ? "" : `/${subresource}`),
        body: json(patch),
        contentType: Array.isArray(patch) ? "application/json-patch+json" : "application/merge-patch+json",
        ...(subresource === "status" && { accept: metadataOnly }),
      }).pipe(Effect.map(bodyOf), Effect.catchTags({ AlreadyExists: surprised })),

    delete: (resource, { uid, namespace, name }) =>
      call("delete", resource, {
        method: "DELETE",
        path: item(resource, { namespace, name }),
        body: json({
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy: "Background",
          ...(uid !== undefined && { preconditions: { uid } }),
        }),
      }).pipe(Effect.asVoid, Effect.catchTags({ AlreadyExists: surprised })),
  }
}

const bodyOf = ({ body }: { readonly body: unknown }) => body

/** Of an object that was written, only the metadata. */
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
const metadataListOnly = metadataOnly.replace("Metadata;", "MetadataList;")

const selector = (equal: Readonly<Record<string, string | readonly string[]>> = {}) =>
  Object.entries(equal)
    .map(([key, value]) => (typeof value === "string" ? `${key}=${value}` : `${key} in (${value.join(",")})`))
    .join(",")

const exclusion = (unequal: Readonly<Record<string, readonly string[]>> = {}) =>
  Object.entries(unequal)
    .flatMap(([key, values]) => values.map((value) => `${key}!=${value}`))
    .join(",")

/** Whatever answers in place of an API server (a login page, a proxy) must not be taken for one. */
function expected(body: unknown, { method, path }: Call) {
  const isObject = typeof body === "object" && body !== null && "metadata" in body
  if (isObject) return Effect.succeed<unknown>(body)
  return Effect.fail(new Unavailable({ message: `${method} ${path}: this is not the answer of an API server` }))
}

const count = Effect.fnUntraced(function* (verb: string, resource: string, code: string, sent = 0, received = 0) {
  yield* Metric.update(Metric.withAttributes(apiRequestsTotal, { verb, resource, code }), 1)
  yield* Metric.update(Metric.withAttributes(apiRequestBytesTotal, { verb, resource }), sent)
  yield* Metric.update(Metric.withAttributes(apiResponseBytesTotal, { verb, resource }), received)
})

/** An answer that this verb does not give for a reason of ours: trying again later is all that can be done. */
const surprised = ({ _tag, message }: NotFound | Conflict | AlreadyExists) =>
  Effect.fail(new Unavailable({ message, status: _tag === "NotFound" ? 404 : 409 }))

/** The path of the objects of a kind, in one namespace or in all. */
export function collection({ group, version, plural }: Resource, namespace: string | undefined): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

/** The path of one object. */
export function item(resource: Resource, { namespace, name }: Ref): string {
  return `${collection(resource, namespace)}/${encodeURIComponent(name)}`
}
