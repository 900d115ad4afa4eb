// The store as an API: every call is an effect, so that a simulation can come between any two of them.

import * as Effect from "effect/Effect"
import { AlreadyExists, Conflict, NotFound, type ObjectApi, Refused } from "../object-api.ts"
import { type Store, StoreError } from "./store.ts"

export function storeApi(store: Store): ObjectApi {
  return {
    get: (resource, ref) => attempt<"NotFound">()(() => store.get(resource, ref)),
    list: (resource, selection, read) =>
      attempt<never>()(() => {
        const objects = store.list(resource, selection)
        // As an API server answers, so that nobody comes to rely on more.
        return selection.isMetadataOnly ? objects.map(({ metadata }) => read({ metadata })) : objects.map(read)
      }),
    create: (resource, namespace, object) =>
      attempt<"AlreadyExists" | "NotFound">()(() => store.create(resource, namespace, object)),
    delete: (resource, { uid, namespace, name }) =>
      attempt<"Conflict" | "NotFound">()(() => {
        if (uid !== undefined && store.get(resource, { namespace, name }).metadata.uid !== uid) {
          throw new StoreError("Conflict", `another "${name}" exists`)
        }
        store.delete(resource, { namespace, name })
      }),
    patch: (resource, ref, patch, subresource) =>
      attempt<"Conflict" | "NotFound">()(() => store.patch(resource, ref, patch, subresource)),
  }
}

const errors = { AlreadyExists, Conflict, NotFound }

/** A call of the store as an effect with those errors that the store gives for this call. */
const attempt =
  <Reason extends keyof typeof errors>() =>
  <T>(call: () => T) =>
    Effect.try({ try: call, catch: failure }) as Effect.Effect<T, InstanceType<(typeof errors)[Reason]> | Refused>

function failure(error: unknown) {
  if (!(error instanceof StoreError)) throw error
  const { reason, message } = error
  if (reason === "Invalid") return new Refused({ status: 422, reason, causes: [], said: message, message })
  return new errors[reason]({ message })
}
