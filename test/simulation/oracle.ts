// What must have become of a run in the end, told from its graph and from what truly happened to its Jobs, without a look
// at how Peanut decides. New features of pipelines are added to the plan, and to truth.ts.

import type { Execution, StagePhase, StageStatus } from "../../src/api/execution.ts"
import { isStageFinished } from "../../src/api/execution.ts"
import type { ExecutionFacts, Ledger } from "./ledger.ts"
import { endOf, recorded, rightEnds } from "./truth.ts"

/** What is wrong with the state that an execution came to rest in, if anything is. */
export function wrongEnd(facts: ExecutionFacts, ledger: Ledger): string | undefined {
  const { status } = facts.object
  if (status?.phase === undefined) return "was never looked at"
  if (status.snapshot === undefined) return wrongStart(facts, ledger)
  const sight = recorded(facts, ledger.outputs, status.stages!, true)
  const stages = new Map(status.stages!.map((stage) => [stage.name, stage]))
  for (const entry of [...status.snapshot.stages, ...(status.snapshot.finally ?? [])]) {
    const right = rightEnds(entry, sight)
    const stage = stages.get(entry.name)!
    if (!right.has(endOf(stage))) {
      return `has stage ${entry.name} ${stage.phase} (${stage.reason}), but it should be ${[...right].join(" or ") || "different"}`
    }
  }
  const phase = rightPhase(facts.object)
  return status.phase === phase ? undefined : `is ${status.phase}, but it should be ${phase}`
}

/** What is wrong with an execution that has not begun. */
function wrongStart(facts: ExecutionFacts, ledger: Ledger): string | undefined {
  const { spec, status } = facts.object
  const reason = status!.conditions?.[0]?.reason
  const specs = ledger.pipelineSpecs.get(spec.pipelineName) ?? []
  const mayTakeTurns = specs.some(({ concurrencyPolicy }) => concurrencyPolicy !== undefined)
  const why = `is ${status!.phase} (${reason}) without a snapshot, though`
  switch (`${status!.phase} ${reason}`) {
    case "Failed PipelineNotFound":
    case "Failed PipelineInvalid":
      return facts.sawBrokenPipeline ? undefined : `${why} its pipeline was there and right all the time`
    case "Failed RerunInvalid":
      return facts.sawNothingToRepeat ? undefined : `${why} what it repeats had failed all the time`
    case "Failed ConcurrencyForbidden":
      return facts.sawAnother && mayTakeTurns ? undefined : `${why} it was nobody else's turn`
    case "Cancelled Cancelled":
      return spec.cancel && mayTakeTurns ? undefined : `${why} nobody cancelled it before its turn`
    case "Pending Suspended":
      return spec.suspend && mayTakeTurns ? undefined : `${why} it is not suspended`
    case "Pending Queued": {
      const others = ledger.unfinishedOf(spec.pipelineName).filter((other) => other !== facts)
      const isBehind = others.some(
        ({ object, uid }) => object.status?.snapshot !== undefined || ledger.turns.get(spec.pipelineName) === uid,
      )
      // One that began under another policy passes no turn on; the next resync does.
      const wasEdited = new Set(specs.map(({ concurrencyPolicy }) => concurrencyPolicy)).size > 1
      return (isBehind || wasEdited) && mayTakeTurns && !spec.cancel ? undefined : `${why} there is none to wait for`
    }
    default:
      return `${why} nothing explains it`
  }
}

function rightPhase({ spec, status }: Execution): string {
  const all = status!.stages!
  const { stages, finally: atEnd = [] } = status!.snapshot!
  const ignoring = new Set([...stages, ...atEnd].flatMap((it) => (it.onFailure === "Ignore" ? [it.name] : [])))
  if (!all.every(({ phase }) => isStageFinished(phase))) {
    return all.every(({ phase }) => phase === "Waiting") ? "Pending" : "Running"
  }
  const has = (phase: StagePhase, which: (stage: StageStatus) => boolean) =>
    all.some((stage) => stage.phase === phase && which(stage))
  if (has("Cancelled", ({ reason }) => reason === "Cancelled")) {
    return spec.cancel ? "Cancelled" : "nothing that is cancelled"
  }
  return has("Failed", ({ name }) => !ignoring.has(name)) ? "Failed" : "Succeeded"
}
