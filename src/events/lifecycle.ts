// Happenings as CloudEvents for whoever listens. Ids are computed: a step that is repeated sends the same events, and
// a receiver can drop what it has seen.

import { CloudEvent } from "cloudevents"
import type { Execution, ExecutionStatus } from "../api/execution.ts"
import type { LifecycleData } from "../api/lifecycle-event.ts"
import { apiVersion } from "../api/meta.ts"
import type { Happening } from "../execution/happenings.ts"
import { hash } from "../resources/labels.ts"

/** `dev.peanut.execution.started`, `dev.peanut.stage.failed`, ... */
export function lifecycleEvent(
  { metadata, spec }: Execution,
  status: ExecutionStatus,
  happening: Happening,
  now: string,
): CloudEvent<LifecycleData> {
  const { namespace, name, uid } = metadata
  const stage = happening.about === "stage" ? happening.stage : undefined
  const condition = status.conditions?.find(({ type }) => type === "Succeeded")
  const data: LifecycleData = {
    execution: { namespace, name, uid },
    pipeline: spec.pipelineName,
    phase: status.phase ?? "Pending",
    summary: status.summary,
    reason: stage === undefined ? condition?.reason : stage.reason,
    message: stage === undefined ? condition?.message : stage.message,
    ...(stage !== undefined && {
      stage: {
        name: stage.name,
        phase: stage.phase,
        jobName: stage.jobName,
        startTime: stage.startTime,
        completionTime: stage.completionTime,
      },
    }),
  }
  return new CloudEvent({
    id: `${uid}.${hash(happening.about, happening.what, stage?.name ?? "")}`,
    type: `dev.peanut.${happening.about}.${happening.what.toLowerCase()}`,
    source: `/apis/${apiVersion}/namespaces/${namespace}/peanutpipelineexecutions/${name}`,
    time: now,
    datacontenttype: "application/json",
    ...(stage !== undefined && { subject: withoutControls(stage.name) }),
    data: JSON.parse(JSON.stringify(data)) as LifecycleData,
  })
}

/** CloudEvents allows no control characters in an attribute, and a broker may make a header of it; the data has them. */
const withoutControls = (name: string) => name.toWellFormed().replace(/\p{Cc}/gu, "\uFFFD")
