// Time, as it is written into objects.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { timestamp } from "../api/meta.ts"

/** The time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export const now = Effect.map(Clock.currentTimeMillis, timestamp)
