// What a step of a run changed, told from the status before it and after it. The same step always tells the same, so
// that a step which is repeated after a crash announces nothing new.

import type { ExecutionPhase, ExecutionStatus, StageStatus } from "../api/execution.ts"

export type Happening =
  | { readonly about: "execution"; readonly what: "Started" | "Succeeded" | "Failed" | "Cancelled" }
  | {
      readonly about: "stage"
      readonly what: "AwaitingApproval" | "Started" | "Succeeded" | "Failed" | "Skipped" | "Cancelled"
      readonly stage: StageStatus
    }

/** In the order in which a person would tell it: the run started, its stages, the run ended. */
export function happenings(before: ExecutionStatus | undefined, after: ExecutionStatus): readonly Happening[] {
  const known = new Map(before?.stages?.map((stage) => [stage.name, stage]))
  const stages = (after.stages ?? []).flatMap((stage) => ofStage(known.get(stage.name), stage))
  return [
    ...(hasBegun(after.phase) && !hasBegun(before?.phase) && after.stages !== undefined ? [began] : []),
    ...stages,
    ...(after.phase !== before?.phase ? endOf(after.phase) : []),
  ]
}

const began: Happening = { about: "execution", what: "Started" }

function hasBegun(phase: ExecutionPhase | undefined): boolean {
  return phase !== undefined && phase !== "Pending"
}

function ofStage(before: StageStatus | undefined, stage: StageStatus): readonly Happening[] {
  // It is a person's turn, who should hear of it.
  if (stage.reason === "AwaitingApproval" && before?.reason !== stage.reason) {
    return [{ about: "stage", what: "AwaitingApproval", stage }]
  }
  if (stage.phase === before?.phase) return []
  const started: Happening = { about: "stage", what: "Started", stage }
  // A stage may start and end between two looks at it.
  const isNew = before?.startTime === undefined && stage.startTime !== undefined
  switch (stage.phase) {
    case "Waiting":
      return []
    case "Running":
      return [started]
    default:
      return [...(isNew ? [started] : []), { about: "stage", what: stage.phase, stage }]
  }
}

function endOf(phase: ExecutionPhase | undefined): readonly Happening[] {
  return phase === "Succeeded" || phase === "Failed" || phase === "Cancelled"
    ? [{ about: "execution", what: phase }]
    : []
}
