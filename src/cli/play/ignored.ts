// What a manifest says that has a meaning only where runs come and go. It is told, so that nobody waits for it.

import { listAt, valueAt } from "../../manifests/plain.ts"
import type { Run } from "../../manifests/select.ts"
import { orList } from "../../words/phrases.ts"

/** A line for each part of the run that is not played, and why. */
export function ignoredFields({ pipeline, execution }: Run): readonly string[] {
  const inPipeline = (field: string) => valueAt(pipeline.object, ["spec", field])
  const policy = inPipeline("concurrencyPolicy")
  const cleaning = [
    ...["successfulExecutionsHistoryLimit", "failedExecutionsHistoryLimit"].filter(
      (field) => inPipeline(field) !== undefined,
    ),
    ...(valueAt(execution.object, ["spec", "ttlSecondsAfterFinished"]) === undefined
      ? []
      : ["ttlSecondsAfterFinished"]),
  ]
  return [
    ...(listAt(pipeline.object, ["spec", "schedules"]).length > 0
      ? ["not played: schedules; only a cluster starts runs by the clock, this one starts now"]
      : []),
    ...(policy === undefined || policy === "Allow"
      ? []
      : [`not played: concurrencyPolicy ${policy}; this run knows of no other`]),
    ...(cleaning.length > 0 ? [`not played: ${orList(cleaning).replace(" or ", " and ")}; nothing is kept here`] : []),
    ...(inPipeline("suspend") === true
      ? ["not played: suspend of the pipeline; it holds events, and this run was asked for"]
      : []),
  ]
}
