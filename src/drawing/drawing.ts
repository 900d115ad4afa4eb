// What every form of drawing shows of a pipeline: its stages in the order of the graph, what each comes after, and marks
// for whatever makes a stage run otherwise than once, when all before it succeeded.

import type { FinallyStage, PipelineStage } from "../api/pipeline.ts"
import { belowTheirParents } from "../graph/tree.ts"

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
}

export interface Drawing {
  readonly pipeline: string
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
