// What can go wrong between Peanut and an API server. The answers are worded as the real one words them (seen in
// k8s.io/apiserver 1.37 and k8s.io/apimachinery): a client that reads reasons must meet the true ones.

import type { ApiCall } from "./fault-proxy-call.ts"

export type Fault =
  /** Answered in place of the API server, which never sees the request. */
  | { readonly kind: "answer"; readonly answer: (call: ApiCall) => Answer }
  /** The connection ends: before the request is passed on, after it was carried out, or within the answer to it. */
  | { readonly kind: "cut"; readonly when: "before" | "after" | "within" }
  /** The request is carried out at once, and the answer is kept for so long. */
  | { readonly kind: "slow"; readonly millis: number }

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const status = (
  code: number,
  reason: string,
  message: string,
  details?: object,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status: code,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason && { reason }),
    ...(details && { details }),
    code,
  }),
})

/** Somebody wrote the object meanwhile; or, for a creation, the quota that it is charged to. */
export const conflict: Fault = {
  kind: "answer",
  answer: ({ what, group, resource, name }) => {
    const of = what.startsWith("create ")
      ? { name: "quota", group: "", kind: "resourcequotas" }
      : { name, group, kind: resource }
    const qualified = of.group === "" ? of.kind : `${of.kind}.${of.group}`
    const why = "the object has been modified; please apply your changes to the latest version and try again"
    const { group: apiGroup, ...core } = of
    return status(
      409,
      "Conflict",
      `Operation cannot be fulfilled on ${qualified} "${of.name}": ${why}`,
      apiGroup === "" ? core : { name: of.name, group: apiGroup, kind: of.kind },
    )
  },
}

/** Priority and fairness turns a request away in plain text. */
export const throttled: Fault = {
  kind: "answer",
  answer: () => ({
    status: 429,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", "retry-after": "1" },
    body: "Too many requests, please try again later.\n",
  }),
}

/** The storage does so as a Status. */
export const storageBusy: Fault = {
  kind: "answer",
  answer: () =>
    status(429, "TooManyRequests", "storage is (re)initializing", { retryAfterSeconds: 1 }, { "retry-after": "1" }),
}

/** An error of etcd that the API server knows no word for: a Status without a reason. */
export const storageError: Fault = {
  kind: "answer",
  answer: () => status(500, "", "etcdserver: request timed out"),
}

export const webhookError: Fault = {
  kind: "answer",
  answer: () => {
    const message = 'failed calling webhook "policy.example.com": context deadline exceeded'
    return status(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] })
  },
}

export const unavailable: Fault = {
  kind: "answer",
  answer: () => status(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
}

/** A load balancer before an API server that is away. */
export const noBackend: Fault = {
  kind: "answer",
  answer: () => ({
    status: 503,
    headers: { "content-type": "text/html", "cache-control": "no-cache" },
    body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
  }),
}

export const cut = (when: "before" | "after" | "within"): Fault => ({ kind: "cut", when })
export const slow = (millis: number): Fault => ({ kind: "slow", millis })
