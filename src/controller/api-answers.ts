// What every handler makes of an answer of the API server that is not the one it wanted.

import * as Effect from "effect/Effect"
import { type Refused, Unavailable } from "../cluster.ts"

/** How often a write that lost a race is taken up again with what the winner wrote. */
export const patience = 5

/** The API server refused a read or a status write: rights are missing. Whoever installs Peanut can cure that. */
export const refusedByApi = ({ status, message }: Refused) =>
  Effect.fail(new Unavailable({ message: `refused by the API server with ${status}: ${message}` }))
