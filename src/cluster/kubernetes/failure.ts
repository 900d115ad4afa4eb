// The answers of an API server other than success, as Peanut's errors. They are told apart by the fields of the Status
// object, and by words of the server only where these come first: everything behind may quote what a user wrote.

import * as z from "zod"
import { AlreadyExists, Conflict, isDenial, NotFound, Refused, Unavailable } from "../object-api.ts"

const text = z.string().catch("")
const causeList = z.array(z.object({ reason: text }).catch({ reason: "" })).catch([])
const details = z
  .object({ group: text, kind: text, name: text, causes: causeList })
  .catch({ group: "", kind: "", name: "", causes: [] })
/** What Peanut reads of `kind: Status` (meta/v1). A proxy may answer with anything else. */
const statusObject = z.object({ message: z.string().optional().catch(undefined), reason: text, details })

/** An answer that is none of the expected, as the error that a caller tells it by. */
export function failure(status: number, body: unknown) {
  const { data } = statusObject.safeParse(body)
  const message = data?.message ?? String(JSON.stringify(body)).slice(0, 500)
  const { reason, details } = data ?? { reason: "", details: undefined }
  const words = said(message, details)
  const causes = (details?.causes ?? []).flatMap(({ reason }) => (reason === "" ? [] : [reason]))
  const isBusy = status === 429 || status >= 500
  // A webhook chooses the status of its no. Taken for what the API server means by it, 404 or 409 would be asked again for ever.
  if (isDenial(words) && !isBusy) return new Refused({ status, reason, causes, said: words, message })
  // Of a kind that it does not serve, an API server says only that nothing is there: it names no object.
  if (status === 404) return new NotFound({ message, isUnknownKind: !details?.name })
  if (status === 409) return reason === "AlreadyExists" ? new AlreadyExists({ message }) : new Conflict({ message })
  // Operations that do not fit the object, which is then not the one that was read: a recreated one has no status yet.
  if (status === 422 && message === unfitting && !details?.name) return new Conflict({ message })
  // 401 too: a token that expired or a key that was rotated is replaced before long.
  if (status === 401 || isBusy) {
    return new Unavailable({ message: `${status}: ${message}`, status })
  }
  return new Refused({ status, reason, causes, said: words, message })
}

/** All that the API server says of a JSON patch that it cannot apply; of an object that is invalid, it says which and why. */
const unfitting = "the server rejected our request due to an error in our request"

/** The message behind `jobs.batch "NAME" is forbidden: `, with exactly the name that the details say. */
function said(
  message: string,
  details: { readonly group: string; readonly kind: string; readonly name: string } | undefined,
) {
  if (details === undefined) return message
  const { group, kind, name } = details
  const resource = group === "" ? kind : `${kind}.${group}`
  const object = name === "" ? resource : `${resource} ${JSON.stringify(name)}`
  const prefix = ["forbidden", "invalid"]
    .map((word) => `${object} is ${word}: `)
    .find((start) => message.startsWith(start))
  return prefix === undefined ? message : message.slice(prefix.length)
}
