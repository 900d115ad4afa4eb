// The API server's own record of who asked what and when, in microseconds: the one clock that all actors share.

import { createReadStream, statSync } from "node:fs"
import { createInterface } from "node:readline"

export interface Call {
  /** The first word of its user agent: peanut, kwok, kube-controller-manager, apiserver_receive_adapter, ... */
  readonly actor: string
  readonly verb: string
  /** With its subresource, as in pods/status. */
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly code: number
  readonly receivedMicros: number
  readonly answeredMicros: number
}

/** Where the log ends now; what comes later is read by `callsSince`. */
export const endOf = (auditLog: string): number => statSync(auditLog).size

export async function callsSince(auditLog: string, start: number): Promise<readonly Call[]> {
  const calls: Call[] = []
  const lines = createInterface({ input: createReadStream(auditLog, { start }), crlfDelay: Number.POSITIVE_INFINITY })
  for await (const line of lines) {
    const event = parsed(line)
    // A watch has another line for its beginning.
    if (event?.stage === "ResponseComplete") calls.push(call(event))
  }
  return calls
}

/** Undefined for a line that is still being written. */
function parsed(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent
  } catch {
    return undefined
  }
}

interface AuditEvent {
  readonly stage: string
  readonly verb: string
  readonly userAgent?: string
  readonly requestURI: string
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  readonly responseStatus?: { readonly code?: number }
  readonly objectRef?: {
    readonly resource?: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
}

function call(event: AuditEvent): Call {
  const { resource = event.requestURI.split("?")[0]!, subresource, namespace = "", name = "" } = event.objectRef ?? {}
  return {
    actor: event.userAgent?.split("/")[0] ?? "",
    verb: event.verb,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    code: event.responseStatus?.code ?? 0,
    receivedMicros: micros(event.requestReceivedTimestamp),
    answeredMicros: micros(event.stageTimestamp),
  }
}

/** Date keeps milliseconds only. */
function micros(timestamp: string): number {
  const [seconds = "", fraction = ""] = timestamp.replace("Z", "").split(".")
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6))
}
