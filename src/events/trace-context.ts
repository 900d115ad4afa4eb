// W3C trace context, carried from the event that came in to the events that go out and into the logs.

import { randomBytes } from "node:crypto"
import * as Context from "effect/Context"

/** The `traceparent` of what is being handled; empty where nobody traces. */
export const TraceParent: Context.Reference<string> = Context.Reference("peanut/TraceParent", {
  defaultValue: () => "",
})

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The given trace parent, if it is one. */
export function validTraceParent(given: unknown): string {
  return typeof given === "string" && form.test(given) && !/^00-0{32}|-0{16}-/.test(given) ? given : ""
}

/** The 32 hexadecimal digits that all of a trace have in common. */
export function traceId(traceParent: string): string | undefined {
  return form.exec(traceParent)?.[1]
}

/** The trace parent for what this service causes: the same trace, another span. Flags of later versions are cleared. */
export function childOf(traceParent: string): string | undefined {
  const [, trace, , flags = "00"] = form.exec(traceParent) ?? []
  if (trace === undefined) return undefined
  const known = (Number.parseInt(flags, 16) & (sampled | random)).toString(16).padStart(2, "0")
  return `00-${trace}-${randomBytes(8).toString("hex")}-${known}`
}

const sampled = 1
const random = 2
