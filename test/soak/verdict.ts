// Judges a soak when its load is over: each check is one line that holds or does not, and says what it saw.

import { setTimeout as sleep } from "node:timers/promises"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import type { Kubelet } from "../control-plane/kubelet.ts"
import type { EventRelay } from "../integration/fault-proxy-relay.ts"
import { type Chaos, resync } from "./chaos.ts"
import type { ExecutionWatch } from "./execution-watch.ts"
import type { JobLedger } from "./job-ledger.ts"
import type { Load } from "./load.ts"
import { isTerminal } from "./oracle.ts"
import type { Memory, Servers } from "./servers.ts"

export interface Verdict {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
}

export interface Evidence {
  readonly plane: ControlPlane
  readonly kubelet: Kubelet
  readonly ledger: JobLedger
  readonly watch: ExecutionWatch
  readonly servers: Servers
  readonly relay: EventRelay
  readonly load: Load
  readonly chaos: Chaos
  readonly memory: { readonly warm: Memory; readonly end: Memory }
}

/**
 * The first server is compared with itself, at a third of the load and at its end, both times right after its garbage
 * was collected: so the heap is what it holds, whatever the collector's moods. It gains half a megabyte of compiled code
 * in between; one that kept the body of each event would gain 3 MB even in a minute on a busy machine. RSS has pages
 * that the allocator keeps for later on top, so its margin is wider: it is there for what is outside the heap.
 */
const heapGrowthMegabytes = 2.5
const rssGrowthMegabytes = 40

export async function judge(evidence: Evidence): Promise<Verdict> {
  const { kubelet, ledger, watch, servers, relay, load, chaos, memory } = evidence
  const isTaken = await resync(relay.url)
  await chaos.stop()
  const remains = await remainsOf(evidence)
  const before = versions(watch)
  await resync(relay.url)
  await sleep(1_000)
  const after = versions(watch)
  const ended = [...watch.executions.values()].filter(({ status }) => isTerminal(status?.phase))
  const grown = {
    heap: memory.end.heapMegabytes - memory.warm.heapMegabytes,
    rss: memory.end.rssMegabytes - memory.warm.rssMegabytes,
  }
  const strange = [...relay.told.keys()].filter((said) => !["202", "503, retry after 1", "no answer"].includes(said))

  const checks: readonly (readonly [string, readonly string[]])[] = [
    ["a resync at the end is taken", isTaken ? [] : ["it was not"]],
    ["every execution has ended", [...load.pending(), ...unfinished(watch)]],
    ["every execution ended as its stages' commands and its users say", load.problems],
    ["those that were kept are still right", ended.flatMap(load.check)],
    ["nothing that had ended changed", watch.problems],
    ["no stage had two Jobs", ledger.doubled()],
    ["no Job is left without its execution, or running for one that ended", remains],
    ["a resync of what has ended writes nothing", changed(before, after)],
    ["senders were told 202 or 503 with Retry-After", strange],
    ["the servers' heap is flat", grown.heap <= heapGrowthMegabytes ? [] : [`it grew by ${grown.heap.toFixed(1)} MB`]],
    ["the servers' RSS is flat", grown.rss <= rssGrowthMegabytes ? [] : [`it grew by ${grown.rss.toFixed(1)} MB`]],
    ["the servers ended only when told, and logged nothing unexpected", servers.problems()],
    ["the chaos and the kubelet did their part", [...chaos.problems, ...kubelet.errors]],
    ["the soak saw enough", load.stages() >= 20 ? [] : [`only ${load.stages()} stages ended`]],
  ]
  summarize(evidence)
  return {
    passed: checks.flatMap(([name, wrong]) => (wrong.length === 0 ? [name] : [])),
    failed: checks.flatMap(([name, wrong]) => (wrong.length === 0 ? [] : [told(name, wrong)])),
  }
}

function told(name: string, wrong: readonly string[]): string {
  const more = wrong.length > 10 ? [`and ${wrong.length - 10} more`] : []
  return [name, ...wrong.slice(0, 10), ...more].join("\n  ")
}

function unfinished({ executions }: ExecutionWatch): readonly string[] {
  const open = [...executions.values()].filter(({ status }) => !isTerminal(status?.phase))
  return open.map(({ metadata, status }) => `${metadata.name} is ${status?.phase}`)
}

/** Jobs that should be gone or ended. The garbage collector learns of new kinds every 30 s, so it gets two minutes. */
async function remainsOf({ plane, watch }: Evidence): Promise<readonly string[]> {
  interface Job {
    readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly uid: string }[] }
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  }
  const isOver = ({ status }: Job) =>
    status.conditions?.some(({ type, status }) => ["Complete", "Failed"].includes(type) && status === "True") ?? false
  for (const deadline = Date.now() + 120_000; ; await sleep(500)) {
    const { items } = await plane.api.get<{ items: Job[] }>("/apis/batch/v1/jobs")
    const remains = items.flatMap((job) => {
      const owner = job.metadata.ownerReferences?.[0]?.uid ?? ""
      if (!watch.executions.has(owner)) return [`${job.metadata.name} has no execution`]
      return isOver(job) ? [] : [`${job.metadata.name} still runs`]
    })
    if (remains.length === 0 || Date.now() > deadline) return remains
  }
}

function versions({ executions }: ExecutionWatch): ReadonlyMap<string, string> {
  return new Map([...executions.values()].map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
}

function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...after].flatMap(([name, version]) => (before.get(name) === version ? [] : [`${name} was written`]))
}

function summarize({ load, ledger, relay, chaos, memory: { warm, end } }: Evidence): void {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([what, count]) => `${count} ${what}`).join(", ")
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0)
  const megabytes = (memory: Memory) =>
    `${memory.rssMegabytes.toFixed(1)} MB RSS, ${memory.heapMegabytes.toFixed(1)} MB heap`
  console.log(`executions: ${sum(load.fates)} (${list(load.fates)})`)
  console.log(`stages that ended: ${load.stages()}; Jobs created: ${ledger.created().length}`)
  console.log(`events: ${sum(relay.told)} (${list(relay.told)})`)
  console.log(`chaos: ${list(chaos.done)}`)
  console.log(`memory of the first server: ${megabytes(warm)} when warm, ${megabytes(end)} at the end`)
}
