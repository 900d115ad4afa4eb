// The figures that every bench of scale tells of a run.

import { bytesOf } from "../control-plane/bytes.ts"
import type { Played } from "../control-plane/play.ts"
import { byVerb, callsOf, isWrite } from "../control-plane/tally.ts"

export const columns = [
  "s",
  "ms/stage",
  "calls/stage",
  "writes/stage",
  "status MB",
  "read MB",
  "CPU s/1,000 stages",
  "peak MB",
]

export function row(played: Played): readonly number[] {
  const { stages, seconds, calls, cpuSeconds, peakMegabytes } = played
  const own = callsOf("peanut", calls)
  const bytes = bytesOf(played)
  return [
    seconds,
    (seconds * 1000) / stages,
    own.length / stages,
    own.filter(isWrite).length / stages,
    bytes.statusWritten / 1e6,
    bytes.read / 1e6,
    (cpuSeconds.Peanut! * 1000) / stages,
    peakMegabytes,
  ]
}

/** Who was busy for how much of the time: the one near a whole core is what the others wait for. */
export function shares({ cpuSeconds, seconds }: Played): string {
  const each = Object.entries(cpuSeconds).toSorted(([, a], [, b]) => b - a)
  return `${each.map(([name, cpu]) => `${name} ${cpu.toFixed(1)} s`).join(", ")} of CPU in ${seconds.toFixed(1)} s.`
}

export function verbs(played: Played): string {
  const { calls, stages } = played
  const each = byVerb(callsOf("peanut", calls)).map(([name, count]) => `${(count / stages).toFixed(2)} ${name}`)
  const { read, reads } = bytesOf(played)
  const parts = reads.map(([name, bytes]) => `${((bytes / read) * 100).toFixed(0)} % ${name}`)
  return `for each stage ${each.join(", ")}; of the bytes read ${parts.join(", ")}.`
}
