// concurrencyPolicy: what an execution does while another of the same pipeline runs. Which one may run is written into
// the pipeline's status, where only one can be, so that no number of replicas ever lets two run at once.

import { type Contender, type Execution, type ExecutionStatus, isUnfinished } from "../../api/execution.ts"
import type { ConcurrencyPolicy, PipelineStatus } from "../../api/pipeline.ts"
import { withCondition } from "../status.ts"

export type Turn =
  /** It may run. */
  | { readonly _tag: "Run" }
  /** Nobody's turn is written yet: write that it is this execution's, and ask again. */
  | { readonly _tag: "Claim"; readonly active: Contender }
  /** It waits for another one, which is cancelled if it is to be replaced. */
  | { readonly _tag: "Wait"; readonly behind: Contender; readonly cancel: readonly Contender[] }
  /** It is suspended, and takes no turn until it is resumed. */
  | { readonly _tag: "Hold" }
  /** It must not run. */
  | { readonly _tag: "Refuse"; readonly behind: Contender }

/** Whether this execution may run now; `all` are the executions of its pipeline, itself among them. */
export function turnOf(
  execution: Contender,
  policy: ConcurrencyPolicy | undefined,
  all: readonly Contender[],
  active: PipelineStatus["activeExecution"],
): Turn {
  if (policy === undefined || policy === "Allow") return { _tag: "Run" }
  const unfinished = all.filter(isUnfinished)
  const holder = unfinished.find(({ metadata }) => metadata.uid === active?.uid)
  if (holder?.metadata.uid === execution.metadata.uid) return { _tag: "Run" }
  if (execution.spec.suspend) return { _tag: "Hold" }
  // One that runs without a claim began under another policy.
  const running = holder ?? unfinished.find(hasBegun)
  if (running === undefined) {
    const next = nextInTurn(policy, unfinished)
    return next === undefined ? { _tag: "Run" } : { _tag: "Claim", active: next }
  }
  switch (policy) {
    case "Forbid":
      return { _tag: "Refuse", behind: running }
    case "Queue":
      return { _tag: "Wait", behind: running, cancel: [] }
    case "Replace": {
      const cancel = unfinished.filter((other) => isBefore(other, execution) && other.spec.cancel !== true)
      return { _tag: "Wait", behind: running, cancel }
    }
  }
}

/** The status of an execution that may not run yet. */
export function queued(
  execution: Execution,
  turn: Exclude<Turn, { _tag: "Run" | "Refuse" }>,
  now: string,
): ExecutionStatus {
  const why =
    turn._tag === "Hold"
      ? { reason: "Suspended", message: "suspended before it started" }
      : {
          reason: "Queued",
          message: `waits for execution "${(turn._tag === "Wait" ? turn.behind : turn.active).metadata.name}" to end`,
        }
  return {
    ...execution.status,
    observedGeneration: execution.metadata.generation,
    phase: "Pending",
    summary: "not started",
    conditions: withCondition(execution.status?.conditions, { type: "Succeeded", status: "Unknown", ...why }, now),
  }
}

/** Of those that wait, the one that runs next: the oldest, or with Replace the newest, which replaces all others. */
export function nextInTurn(policy: ConcurrencyPolicy | undefined, all: readonly Contender[]): Contender | undefined {
  const ready = all
    .filter((it) => isUnfinished(it) && !hasBegun(it) && !it.spec.suspend && !it.spec.cancel)
    .toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
  return policy === "Replace" ? ready.at(-1) : ready[0]
}

const hasBegun = ({ status }: Contender) => status?.snapshot !== undefined && status.stages !== undefined

/** Older first; of one second, by name, so that all replicas agree. */
function isBefore({ metadata: a }: Contender, { metadata: b }: Contender): boolean {
  return a.creationTimestamp === b.creationTimestamp ? a.name < b.name : a.creationTimestamp < b.creationTimestamp
}
