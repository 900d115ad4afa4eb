// What every form of drawing shows of a pipeline, or of a run of it: its stages in the order of the graph, what each comes after, and marks
// for whatever makes a stage run otherwise than once, when all before it succeeded.

import type { StageStatus } from "../api/execution.ts"
import type { FinallyStage, PipelineStage } from "../api/pipeline.ts"
import { belowTheirParents } from "../graph/tree.ts"
import { type State, stateOf } from "./state.ts"

export interface Mark {
  /** A word or two, such as `approval`. */
  readonly word: string
  /** The same as a sentence. */
  readonly sentence: string
}

export interface DrawnStage {
  readonly name: string
  readonly type: string
  /** Each once. */
  readonly dependsOn: readonly string[]
  readonly marks: readonly Mark[]
  /** Where a run is drawn: what became of the stage so far. */
  readonly state?: State
}

export interface Drawing {
  readonly pipeline: string
  /** The name of the run, where one is drawn. */
  readonly execution?: string
  /** Each below all that it comes after. */
  readonly stages: readonly DrawnStage[]
  /** Those that run side by side once all others have ended. */
  readonly final: readonly DrawnStage[]
}

/** What is drawn of a pipeline. */
export interface Stages {
  readonly stages: readonly PipelineStage[]
  readonly finally?: readonly FinallyStage[] | undefined
}

/** The drawing of a pipeline whose graph has no mistakes. */
export function drawingOf(pipeline: string, spec: Stages): Drawing {
  return {
    pipeline,
    stages: belowTheirParents(spec.stages).map(drawn),
    final: (spec.finally ?? []).map(drawn),
  }
}

/** An execution, as far as it is drawn. */
export interface Run {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly pipelineName: string }
  readonly status?:
    | { readonly snapshot?: Stages | undefined; readonly stages?: readonly StageStatus[] | undefined }
    | undefined
}

/**
 * The drawing of a run: the stages of its own copy of the pipeline, each with its state. Undefined as long as the run has
 * no copy, as before its start. Where everything lies depends on the copy alone, so that a later state of the same run
 * has the same picture but for classes and texts.
 */
export function drawingOfRun({ metadata, spec, status }: Run): Drawing | undefined {
  if (status?.snapshot === undefined) return undefined
  const statuses = new Map((status.stages ?? []).map((stage) => [stage.name, stage]))
  const withState = (stage: DrawnStage): DrawnStage => ({ ...stage, state: stateOf(statuses.get(stage.name)) })
  const { stages, final, ...drawing } = drawingOf(spec.pipelineName, status.snapshot)
  return { ...drawing, execution: metadata.name, stages: stages.map(withState), final: final.map(withState) }
}

function drawn(entry: PipelineStage | FinallyStage): DrawnStage {
  const dependsOn = "dependsOn" in entry ? [...new Set(entry.dependsOn)] : []
  return { name: entry.name, type: entry.type, dependsOn, marks: marksOf(entry) }
}

function marksOf(entry: PipelineStage | FinallyStage): readonly Mark[] {
  const { when, onFailure, matrix } = entry
  const { approval, triggerRule }: Partial<PipelineStage> = entry
  const marks: Mark[] = []
  if (approval === true) marks.push({ word: "approval", sentence: "waits for approval" })
  if (when !== undefined) marks.push({ word: "when", sentence: `when ${when}` })
  if (matrix !== undefined) {
    const jobs = matrix.reduce((product, { values }) => product * values.length, 1)
    marks.push({
      word: `×${jobs}`,
      sentence: `${jobs} Jobs, one for each ${matrix.map(({ name }) => name).join(" and ")}`,
    })
  }
  if (triggerRule !== undefined && triggerRule !== "AllSucceeded") {
    marks.push({ word: triggerRule, sentence: triggerSentences[triggerRule] })
  }
  if (onFailure === "Ignore") marks.push({ word: "may fail", sentence: "its failure is ignored" })
  return marks
}

const triggerSentences = {
  AnyFailed: "runs if anything before it failed",
  AllDone: "runs whatever became of those before it",
}
