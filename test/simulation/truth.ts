// Where a stage may stand, told from its entry in the pipeline and from what truly happened to its Jobs, without a look at
// how Peanut decides. Where two outcomes are true (a pod succeeded in the second in which its Job was ended), either is
// right, and so is all that follows from either: hence a set.

import type { StageStatus } from "../../src/api/execution.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { combinationsOf } from "./combinations.ts"
import { type ExecutionFacts, type JobFacts, taskOf } from "./ledger.ts"

/** `ParentFailed` and `WhenFalse` are skipped stages that count for those below, as failed and as satisfied. */
export type End = "Open" | "Succeeded" | "Failed" | "ParentFailed" | "WhenFalse" | "Skipped" | "Cancelled"
export type Ends = ReadonlySet<End>

/** A run as it is looked at: what may be thought of each stage. */
export interface Sight {
  readonly facts: ExecutionFacts
  /** What programs output. */
  readonly outputs: ReadonlyMap<string, string>
  ends(stage: string): Ends
  /** Nothing will happen any more, so nothing may be waited for. */
  readonly isAtRest: boolean
}

/** By what truly happened so far. */
export function truth(facts: ExecutionFacts, outputs: Sight["outputs"]): Sight {
  const known = new Map<string, Ends>()
  const sight: Sight = {
    facts,
    outputs,
    isAtRest: false,
    ends: (stage) => {
      const found = known.get(stage) ?? rightEnds(entryOf(facts, stage)!, sight)
      known.set(stage, found)
      return found
    },
  }
  return sight
}

/** By what the status says of each stage. */
export function recorded(
  facts: ExecutionFacts,
  outputs: Sight["outputs"],
  stages: readonly StageStatus[],
  isAtRest: boolean,
): Sight {
  const ends = new Map(stages.map((stage) => [stage.name, new Set([endOf(stage)])]))
  return { facts, outputs, isAtRest, ends: (stage) => ends.get(stage)! }
}

export function endOf({ phase, reason }: StageStatus): End {
  if (phase === "Waiting" || phase === "Running") return "Open"
  return phase === "Skipped" && (reason === "ParentFailed" || reason === "WhenFalse") ? reason : phase
}

export function entryOf({ object }: ExecutionFacts, name: string): PipelineStage | undefined {
  const { stages = [], finally: atEnd = [] } = object.status?.snapshot ?? {}
  return [...stages, ...atEnd].find((entry) => entry.name === name)
}

const isAtEnd = ({ object }: ExecutionFacts, { name }: PipelineStage) =>
  !object.status!.snapshot!.stages.some((entry) => entry.name === name)

/** Where a stage may stand, given where the others do. */
export function rightEnds(entry: PipelineStage, sight: Sight): Ends {
  const { facts } = sight
  if (facts.taken.get(entry.name) === "S") return new Set(["Succeeded"])
  const jobs = facts.jobs.filter(({ stage }) => stage === entry.name)
  const hasBegun = jobs.length > 0 || combinationsOf(entry).some((it) => facts.refused.has(taskOf(entry.name, it)))
  return new Set([
    ...(hasBegun ? byJobs(entry, jobs, sight) : []),
    // One who saw it in one way may have started the stage, before another saw it in the other way.
    ...(jobs.length === 0 || hasTwoTruths(entry, sight) || mayEndEarly(entry, sight, jobs)
      ? withoutJobs(entry, sight)
      : []),
  ])
}

/** What its Jobs say together. */
function byJobs(entry: PipelineStage, jobs: readonly JobFacts[], sight: Sight): readonly End[] {
  const taken = sight.facts.taken.get(entry.name) ?? ""
  const each = combinationsOf(entry).map((combination, index) =>
    taken[index] === "S" ? ["Succeeded" as const] : taskEnds(entry, combination, jobs, sight),
  )
  const some = (end: End) => each.some((ends) => ends.includes(end))
  const isOpen = some("Open")
  const mayEnd = each.every((ends) => ends.some((end) => end !== "Open"))
  return [
    ...(isOpen ? ["Open" as const] : []),
    ...(mayEnd && each.every((ends) => ends.includes("Succeeded")) ? ["Succeeded" as const] : []),
    ...(mayEnd && some("Failed") ? ["Failed" as const] : []),
    ...(mayEnd && some("Cancelled") ? ["Cancelled" as const] : []),
  ]
}

function taskEnds(
  entry: PipelineStage,
  combination: string | undefined,
  jobs: readonly JobFacts[],
  sight: Sight,
): readonly End[] {
  const { facts, isAtRest } = sight
  const own = jobs.filter((job) => job.combination === combination)
  const endedAt = isAtEnd(facts, entry) ? undefined : endedEarlyAt(facts)
  const mayWait = !isAtRest || facts.object.spec.suspend === true
  const ends: End[] = own.flatMap((job) => jobEnds(job, endedAt, isAtRest))
  if (facts.refused.has(taskOf(entry.name, combination)) || mayFailForOutputs(entry, facts)) ends.push("Failed")
  if (own.length === 0 && endedAt === undefined && mayWait) ends.push("Open")
  if (endedAt !== undefined && own.every((job) => mayBeCancelled(job, endedAt))) ends.push("Cancelled")
  return ends
}

/** How a Job may count: as it ended, or as deleted. One that was stopped counts as cancelled, never as failed. */
function jobEnds(
  { succeededAt, failedAt, failingAt, stoppedAt, removedAt }: JobFacts,
  endedAt: number | undefined,
  isAtRest: boolean,
): End[] {
  const wasStopped = stoppedAt !== undefined && endedAt !== undefined
  const failed = failedAt !== undefined && !(wasStopped && stoppedAt < (failingAt ?? failedAt))
  const isOver = [succeededAt, failedAt, removedAt].some((at) => at !== undefined)
  return [
    ...(succeededAt !== undefined ? ["Succeeded" as const] : []),
    ...(failed || removedAt !== undefined ? ["Failed" as const] : []),
    // What ended may not have been seen yet.
    ...(!isAtRest || !isOver ? ["Open" as const] : []),
  ]
}

/** What had ended for all to see before the run was ended was not cancelled. */
function mayBeCancelled({ completedAt, failedAt, stoppedAt, removedAt }: JobFacts, endedAt: number): boolean {
  const overAt = completedAt ?? (stoppedAt === undefined ? failedAt : undefined)
  return removedAt !== undefined || overAt === undefined || overAt > endedAt
}

/** What may have become of a stage that has no Job. */
function withoutJobs(entry: PipelineStage, sight: Sight): readonly End[] {
  const { facts, isAtRest } = sight
  const { spec } = facts.object
  const atEnd = isAtEnd(facts, entry)
  const { skips, mayRun, mayWait } = atEnd ? afterGraph(sight) : afterParents(entry, sight)
  const ends = new Set<End>(skips)
  const isEndedEarly = !atEnd && endedEarlyAt(facts) !== undefined
  const isOver = !atEnd && (spec.cancel === true || hasSurelyFailed(facts))
  if (isEndedEarly && spec.cancel) ends.add("Cancelled")
  if (isEndedEarly && endedBecauseOfFailure(facts)) ends.add("Skipped")
  if (mayRun) {
    const answers = answersTo(entry, sight)
    if (answers.has("no")) ends.add("WhenFalse")
    if (answers.has("error")) ends.add("Failed")
    const isHeld = spec.suspend || (entry.approval && !spec.approved?.includes(entry.name))
    // Outputs are asked for last.
    const isAsked = entry.when === undefined || whenAnswers(entry.when, sight).includes("yes")
    if (isAsked && isHeld && !isOver) ends.add("Open")
  }
  if (!isAtRest || (mayWait && !isOver)) ends.add("Open")
  return [...ends]
}

interface Rule {
  readonly skips: readonly End[]
  readonly mayRun: boolean
  readonly mayWait: boolean
}

/** What the rule says of a stage, given where those above it may stand. */
export function afterParents({ dependsOn = [], triggerRule = "AllSucceeded" }: PipelineStage, sight: Sight): Rule {
  const parents = dependsOn.map((name) => ({
    ends: [...sight.ends(name)],
    ignores: entryOf(sight.facts, name)!.onFailure === "Ignore",
  }))
  const isSatisfied = (end: End, ignores: boolean) =>
    end === "Succeeded" || end === "WhenFalse" || (end === "Failed" && ignores)
  const isFailed = (end: End) => end === "Failed" || end === "ParentFailed"
  const isEnd = (end: End) => end !== "Open"
  const mayWait = parents.some(({ ends }) => ends.includes("Open"))
  const mayAllEnd = parents.every(({ ends }) => ends.some(isEnd))
  switch (triggerRule) {
    case "AllSucceeded": {
      const lost = parents.flatMap(({ ends, ignores }) =>
        ends.filter((end) => isEnd(end) && !isSatisfied(end, ignores)),
      )
      const skips = new Set<End>(lost.map((end) => (isFailed(end) ? "ParentFailed" : "Skipped")))
      const mayRun = parents.every(({ ends, ignores }) => ends.some((end) => isSatisfied(end, ignores)))
      return { skips: [...skips], mayRun, mayWait }
    }
    case "AnyFailed": {
      const mayNoneFail = parents.every(({ ends }) => ends.some((end) => isEnd(end) && !isFailed(end)))
      const mayRun = mayAllEnd && parents.some(({ ends }) => ends.some(isFailed))
      return { skips: mayNoneFail ? ["Skipped"] : [], mayRun, mayWait }
    }
    case "AllDone":
      return { skips: [], mayRun: mayAllEnd, mayWait }
  }
}

/** A stage of `finally` waits for all of the graph. */
export function afterGraph({ facts, ends }: Sight): Rule {
  const graph = facts.object.status!.snapshot!.stages.map(({ name }) => ends(name))
  return {
    skips: [],
    mayRun: graph.every((all) => [...all].some((end) => end !== "Open")),
    mayWait: graph.some((all) => all.has("Open")),
  }
}

/** What may come of asking a stage whether it is to run: its `when`, and whether the outputs are there that it needs. */
export function answersTo({ when, params = [] }: PipelineStage, sight: Sight): ReadonlySet<"yes" | "no" | "error"> {
  const answers = new Set<"yes" | "no" | "error">()
  for (const answer of when === undefined ? ["yes" as const] : whenAnswers(when, sight)) {
    if (answer !== "yes") answers.add(answer)
    else
      for (const value of params.flatMap((param) => valuesOf(param.value, sight)).concat(params.length ? [] : [""])) {
        answers.add(value === undefined ? "error" : "yes")
      }
  }
  return answers
}

function whenAnswers(when: string, sight: Sight): readonly ("yes" | "no" | "error")[] {
  const [, stage, field, wanted] = /^(?:params\.p|stages\['(.*)'\]\.(phase|outputs\.k)) == '(.*)'$/.exec(when)!
  if (stage === undefined) return [paramOf(sight.facts) === wanted ? "yes" : "no"]
  if (field === "phase") return [...sight.ends(stage)].map((end) => (end === wanted ? "yes" : "no"))
  return outputsOf(stage, sight).map((value) => (value === undefined ? "error" : value === wanted ? "yes" : "no"))
}

/** The values that a given text may stand for; undefined where it needs an output that there is not. */
export function valuesOf(text: string, sight: Sight): readonly (string | undefined)[] {
  const [, stage] = /^\$\(stages\['(.*)'\]\.outputs\.k\)$/.exec(text) ?? []
  if (stage !== undefined) return outputsOf(stage, sight)
  return [text === "$(params.p)" ? paramOf(sight.facts) : text]
}

/** Whether somebody took a pod away before what it had output was read; now or in the run that is repeated. */
export function mayHaveLostOutputs({ jobs, taken }: ExecutionFacts, stage: string): boolean {
  return taken.has(stage) || jobs.some((job) => job.stage === stage && hasLostPod(job))
}

/** Of a Job that succeeded. */
const hasLostPod = ({ removedAt, podGoneAt }: JobFacts) => removedAt !== undefined || podGoneAt !== undefined

/** Whether a stage must not go on without its outputs: another one is given them, or asks for them. */
export function areOutputsNeeded({ object }: ExecutionFacts, stage: string): boolean {
  const { stages, finally: atEnd = [] } = object.status!.snapshot!
  const texts = [...stages, ...atEnd].flatMap(({ params = [], when = "" }) => [when, ...params.map((it) => it.value)])
  return texts.some((text) => text.includes(`stages['${stage}'].outputs`))
}

/** Whether a stage may have failed for want of its outputs. */
export function mayFailForOutputs(entry: PipelineStage, facts: ExecutionFacts): boolean {
  const isLost = facts.jobs.some((job) => job.stage === entry.name && job.succeededAt !== undefined && hasLostPod(job))
  return isLost && entry.matrix === undefined && areOutputsNeeded(facts, entry.name)
}

function outputsOf(stage: string, { ends, outputs }: Sight): readonly (string | undefined)[] {
  const all = [...ends(stage)]
  return [
    ...(all.includes("Succeeded") ? [outputs.get(stage)] : []),
    ...(all.some((end) => end !== "Succeeded") ? [undefined] : []),
  ]
}

const paramOf = ({ object }: ExecutionFacts) => object.status!.snapshot!.params!.p

/** Since when the run starts nothing more in its graph, if it does not: it was cancelled, or a failure ends it. */
export function endedEarlyAt(facts: ExecutionFacts): number | undefined {
  const times = [facts.cancelledAt, endedBecauseOfFailure(facts) ? 0 : undefined].filter((at) => at !== undefined)
  return times.length > 0 ? Math.min(...times) : undefined
}

/** FailFast, and a failure that counts is on record. */
function hasSurelyFailed({ object: { status } }: ExecutionFacts): boolean {
  const { stages, failurePolicy } = status!.snapshot!
  const counting = new Set(stages.flatMap(({ name, onFailure }) => (onFailure === "Ignore" ? [] : [name])))
  const isReadable = Array.isArray(status!.stages)
  return (
    failurePolicy === "FailFast" &&
    isReadable &&
    status!.stages!.some((it) => counting.has(it.name) && it.phase === "Failed")
  )
}

/** FailFast, and there may have been a failure. */
function endedBecauseOfFailure(facts: ExecutionFacts): boolean {
  const { stages, failurePolicy } = facts.object.status!.snapshot!
  if (failurePolicy !== "FailFast") return false
  const failing = stages.filter(({ onFailure }) => onFailure !== "Ignore")
  return failing.some((entry) => {
    const hasFailed = facts.jobs.some(
      ({ stage, failedAt, removedAt }) => stage === entry.name && (failedAt ?? removedAt) !== undefined,
    )
    const isRefused = combinationsOf(entry).some((it) => facts.refused.has(taskOf(entry.name, it)))
    // It asks for an output, which may not be there.
    const mayFailAlone = JSON.stringify([entry.when, entry.params]).includes(".outputs.")
    return hasFailed || isRefused || mayFailAlone
  })
}

/** A Job that one created, while another saw that the run is over and did not see the Job. */
function mayEndEarly(entry: PipelineStage, { facts }: Sight, jobs: readonly JobFacts[]): boolean {
  const endedAt = isAtEnd(facts, entry) ? undefined : endedEarlyAt(facts)
  return endedAt !== undefined && jobs.every((job) => mayBeCancelled(job, endedAt))
}

/** Whether of a stage above this one two things are true. */
function hasTwoTruths({ name }: PipelineStage, { facts, outputs }: Sight): boolean {
  const sight = truth(facts, outputs)
  const graph = facts.object.status!.snapshot!.stages
  const above = new Set<string>()
  const add = (names: readonly string[]) => {
    for (const parent of names.filter((it) => !above.has(it))) {
      above.add(parent)
      add(graph.find((entry) => entry.name === parent)?.dependsOn ?? [])
    }
  }
  const own = graph.find((entry) => entry.name === name)
  add(own === undefined ? graph.map((entry) => entry.name) : (own.dependsOn ?? []))
  return [...above].some((parent) => [...sight.ends(parent)].filter((end) => end !== "Open").length > 1)
}
