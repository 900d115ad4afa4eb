// Which Jobs a step has to look at. What a run did long ago is in its status, and a run of a thousand stages must not be
// read anew for each of them.

import type { AcceptedExecution } from "./accept.ts"

/** The Jobs of these stages, by name; or of all stages, whatever the status says of them. */
export type Attention = "all" | readonly string[]

/**
 * What a step looks at: the stages that run. Once a run was ended early, all of it: Jobs that were stopped have yet to
 * end, and a replica that read late may have started others.
 */
export function attentionTo({ spec, status }: AcceptedExecution): Attention {
  const { stages } = status
  const isEnding = stages.some(({ phase, reason }) => phase === "Cancelled" || endings.has(reason ?? ""))
  if (spec.cancel || isEnding) return "all"
  return stages.flatMap(({ name, phase, combinations }) => {
    // Of a matrix that failed, combinations may run on.
    return phase === "Running" || (phase === "Failed" && combinations !== undefined) ? [name] : []
  })
}

const endings: ReadonlySet<string> = new Set(["ExecutionTimeout", "FailFast"])
