// An execution as a page to read: where it stands, what it was given, and its stages as a graph.

import stringWidth from "string-width"
import type { StageStatus } from "../../api/execution.ts"
import type { PipelineStage } from "../../api/pipeline.ts"
import { approvals } from "../../client/approvals.ts"
import { conditionOf, type ExecutionObject } from "../../client/objects.ts"
import { belowTheirParents, depthsOf } from "../../graph/tree.ts"
import { eventSourceKey, eventTypeKey, startedByKey } from "../../resources/execution.ts"
import { plain } from "../../words/safe.ts"
import { formatAge } from "./age.ts"
import { elapsedMillis } from "./follow.ts"
import { type Paint, padded, paintPhase } from "./stage-lines.ts"

export interface PageOptions {
  /** With the Jobs of the stages. */
  readonly isWide: boolean
  readonly nowMillis: number
}

export function executionPage(execution: ExecutionObject, options: PageOptions, paint: Paint): string {
  const { metadata, spec, status = {} } = execution
  const { startTime, completionTime, phase = "Pending" } = status
  const condition = conditionOf(execution, "Succeeded")
  const since = (time: string | undefined) =>
    time === undefined ? undefined : `${plain(time)} (${formatAge(options.nowMillis - Date.parse(time))} ago)`
  const isSpecial = condition !== undefined && condition.reason !== phase && condition.reason !== "StageFailed"
  const { [startedByKey]: starter, [eventTypeKey]: type, [eventSourceKey]: source } = metadata.annotations ?? {}
  const params = Object.entries(status.snapshot?.params ?? Object.fromEntries((spec.params ?? []).map(pair)))
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["Name", plain(metadata.name)],
    ["Namespace", plain(metadata.namespace)],
    ["Pipeline", plain(spec.pipelineName ?? "")],
    ["Rerun of", spec.rerunOf && plain(spec.rerunOf)],
    ["Started by", starter === undefined ? undefined : plain(starter)],
    ["Event", type && plain([type, source].filter(Boolean).join(" from "))],
    ["Phase", paint("bold", plain(phase)) + (isSpecial ? ` (${plain(condition.reason)})` : "")],
    ["Stages", status.summary && plain(status.summary)],
    // The message repeats the summary, but for a run that could not start.
    ["Message", status.stages === undefined ? condition && plain(condition.message) : undefined],
    ["Steering", steering(execution)],
    ...[...approvals(execution)].map(
      ([person, stages], index) =>
        [index === 0 ? "Approved" : "", `by ${plain(person)}: ${stages.map(plain).join(", ")}`] as const,
    ),
    ["Created", startTime === undefined ? since(metadata.creationTimestamp) : undefined],
    ["Started", since(startTime)],
    ["Ended", since(completionTime)],
    ["Took", duration(startTime, completionTime)],
    ...params.map(([name, value], index) => [index === 0 ? "Params" : "", `${plain(name)} = ${plain(value)}`] as const),
  ]
  const head = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${padded(name === "" ? "" : `${name}:`, 11)} ${value}`],
  )
  return [...head, ...stageSection(execution, options, paint)].join("\n")
}

const pair = ({ name, value }: { readonly name: string; readonly value: string }) => [name, value] as const

function steering({ spec }: ExecutionObject): string | undefined {
  const words = [spec.cancel && "cancelled", spec.suspend && "suspended"].filter(Boolean)
  return words.length === 0 ? undefined : words.join(", ")
}

function duration(start: string | undefined, end: string | undefined): string | undefined {
  return start === undefined || end === undefined ? undefined : formatAge(Date.parse(end) - Date.parse(start))
}

function stageSection(execution: ExecutionObject, options: PageOptions, paint: Paint): readonly string[] {
  const { snapshot, stages = [] } = execution.status ?? {}
  const statuses = new Map(stages.map((stage) => [stage.name, stage]))
  const depths = depthsOf(snapshot?.stages ?? [])
  const lines = [
    ...belowTheirParents(snapshot?.stages ?? []).map((stage) => line(stage, depths.get(stage.name) ?? 0)),
    ...(snapshot?.finally ?? []).map((stage) => line(stage, 0, "finally")),
  ]
  if (lines.length === 0) return []
  const width = Math.max(5, ...lines.map(({ label }) => stringWidth(label)))
  const jobWidth = options.isWide ? Math.max(3, ...stages.map(({ jobName = "" }) => jobName.length)) : 0
  const job = (text: string) => (options.isWide ? `  ${text.padEnd(jobWidth)}` : "")
  const title = `${padded("STAGE", width)}  ${"STATE".padEnd(11)}  ${"TIME".padStart(7)}${job("JOB")}  REASON`
  return [
    "",
    paint("bold", title.trimEnd()),
    ...lines.flatMap(({ label, status, indent }) => {
      const elapsed = elapsedMillis(status, options.nowMillis)
      const gap = " ".repeat(11 - stringWidth(`x ${status.phase}`))
      const time = (elapsed === undefined ? "-" : formatAge(elapsed)).padStart(7)
      const why = because(status)
      const row = `${padded(label, width)}  ${paintPhase(status.phase, paint)}${gap}  ${time}${job(plain(status.jobName ?? "-"))}  ${why}`
      const outputs = Object.entries(status.outputs ?? {}).map(
        ([key, value]) => `${indent}    ${paint("dim", `${plain(key)} = ${plain(value)}`)}`,
      )
      return [row.trimEnd(), ...outputs]
    }),
  ]

  function line(stage: Pick<PipelineStage, "name">, depth: number, note = "") {
    const indent = "  ".repeat(depth)
    const label = `${indent}${plain(stage.name)}${note && ` (${note})`}`
    return { label, indent, status: statuses.get(stage.name) ?? { name: stage.name, phase: "Waiting" as const } }
  }
}

/** Such as `ParentFailed: stage "Build" failed`, or of a matrix `3/4 succeeded, 1 running`. */
function because({ phase, reason, message, combinations }: StageStatus): string {
  const told = [
    reason === phase || reason === undefined ? undefined : plain(reason),
    message === undefined ? undefined : plain(message),
  ]
  const done = combinations === undefined ? [] : [matrixSummary(combinations)]
  return [...done, told.filter((word) => word !== undefined).join(": ")].filter((part) => part !== "").join("; ")
}

const letters = { S: "succeeded", R: "running", W: "waiting", F: "failed", C: "cancelled", K: "skipped" } as const

/** The combinations of a matrix in one line. */
export function matrixSummary(combinations: string): string {
  const counts = Object.entries(letters).map(([letter, word]) => [combinations.split(letter).length - 1, word] as const)
  const [[succeeded], ...others] = counts as [readonly [number, string], ...(readonly [number, string])[]]
  const rest = others.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return [`${succeeded}/${combinations.length} succeeded`, ...rest].join(", ")
}
