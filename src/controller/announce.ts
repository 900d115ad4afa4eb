// Tells people (Kubernetes Events) and programs (CloudEvents) what happened to a run. Nothing waits for either for more
// than a second, and nothing fails with them.

import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Execution, ExecutionStatus } from "../api/execution.ts"
import { Cluster } from "../cluster.ts"
import { EventSink } from "../event-sink.ts"
import { announcements } from "../execution/announcements.ts"
import type { Happening } from "../execution/happenings.ts"
import { executionsTotal, stagesTotal } from "../metrics.ts"
import { kubernetesEvent } from "../resources/kubernetes-event.ts"

/** Announces what happened to an execution, whose status is now this one. */
export const announce = Effect.fn("announce")(function* (
  execution: Execution,
  status: ExecutionStatus,
  happened: readonly Happening[],
  now: string,
) {
  const cluster = yield* Cluster
  const sink = yield* EventSink
  const forPeople = announcements(execution, status, happened).map((announcement) =>
    kubernetesEvent("PeanutPipelineExecution", execution.metadata, announcement, now),
  )
  const forPrograms =
    sink.isBound && happened.length > 0 ? yield* lifecycleEvents(execution, status, happened, now) : []
  yield* Effect.all([cluster.announce(forPeople), sink.send(forPrograms)], { concurrency: 2, discard: true }).pipe(
    Effect.timeoutOrElse({ duration: "1 second", orElse: () => Effect.logWarning("announcements took too long") }),
  )
})

/** The CloudEvents SDK is loaded when somebody listens: a cold start without a sink does not pay for it. */
const lifecycleEvents = (execution: Execution, status: ExecutionStatus, happened: readonly Happening[], now: string) =>
  Effect.map(
    Effect.promise(() => import("../events/lifecycle.ts")),
    ({ lifecycleEvent }) => happened.map((it) => lifecycleEvent(execution, status, it, now)),
  )

/** Counts what happened, once the status is written: of several who take the same step, one writes it. */
export const count = Effect.fn("count")(function* (happened: readonly Happening[]) {
  for (const { about, what } of happened) {
    if (what === "AwaitingApproval") continue
    const counter = about === "execution" ? executionsTotal : stagesTotal
    yield* Metric.update(Metric.withAttributes(counter, { phase: what }), 1)
  }
})
