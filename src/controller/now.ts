// Time, as it is written into objects.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** The time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export const now = Effect.map(Clock.currentTimeMillis, (millis) => `${new Date(millis).toISOString().slice(0, 19)}Z`)
