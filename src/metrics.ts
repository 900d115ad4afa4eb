// What is counted and measured, under the names that Prometheus users expect. A service that scales to zero starts its
// counters anew each time; `rate()` and `increase()` allow for that.

import * as Metric from "effect/Metric"

/** Events that came in, by what they were about and what became of them. */
export const eventsTotal = Metric.counter("peanut_events_total", {
  description: "CloudEvents received, by kind of target and outcome (done, dropped, refused, unavailable, failed).",
  incremental: true,
})

/** How long it took to bring one execution as far as it could go, with all API calls. */
export const reconcileDuration = Metric.histogram("peanut_reconcile_duration_seconds", {
  description: "Time to advance one execution, API calls included.",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})

/** Calls of the API server, by verb, resource and HTTP status code ("none" where there was no answer). */
export const apiRequestsTotal = Metric.counter("peanut_api_requests_total", {
  description: "Requests to the Kubernetes API server, by verb, resource and code.",
  incremental: true,
})

/** The bodies of those calls, and of their answers: what an execution costs the API server grows with them. */
export const apiRequestBytesTotal = Metric.counter("peanut_api_request_bytes_total", {
  description: "Bytes of the bodies of requests to the Kubernetes API server, by verb and resource.",
  incremental: true,
})
export const apiResponseBytesTotal = Metric.counter("peanut_api_response_bytes_total", {
  description: "Bytes of the bodies of answers of the Kubernetes API server, by verb and resource.",
  incremental: true,
})

/** Executions that reached a phase. */
export const executionsTotal = Metric.counter("peanut_executions_total", {
  description: "Executions that reached a phase (Started, Succeeded, Failed, Cancelled).",
  incremental: true,
})

/** Stages that reached a phase. */
export const stagesTotal = Metric.counter("peanut_stages_total", {
  description: "Stages that reached a phase (Started, Succeeded, Failed, Skipped, Cancelled).",
  incremental: true,
})

/** Lifecycle events for the sink. */
export const lifecycleEventsTotal = Metric.counter("peanut_lifecycle_events_total", {
  description: "Lifecycle CloudEvents, by outcome (delivered, failed, skipped while the sink is left alone).",
  incremental: true,
})
