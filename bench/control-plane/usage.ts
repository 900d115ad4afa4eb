// What a process used, as Linux counts it.

import { readdirSync, readFileSync, readlinkSync } from "node:fs"

/** Of user and system together; in steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The name in parentheses may contain anything; what follows it is counted from field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const ticksPerSecond = 100
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The most memory it held since its start. */
export function peakMegabytes(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return Number(kilobytes) / 1024
}

/** The local ports of its established TCP connections to a port. */
export function connectionsTo(pid: number, port: number): readonly string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ""]
      } catch {
        return [] // Closed meanwhile.
      }
    }),
  )
  const remote = port.toString(16).toUpperCase().padStart(4, "0")
  const established = "01"
  return ["tcp", "tcp6"].flatMap((file) =>
    readFileSync(`/proc/${pid}/net/${file}`, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(
        (fields) => fields[2]?.endsWith(`:${remote}`) && fields[3] === established && sockets.has(fields[9] ?? ""),
      )
      .map((fields) => fields[1]!),
  )
}

export interface Connections {
  readonly atOnce: number
  /** As many as were seen: what lives shorter than the time between two looks may be missed. */
  readonly inAll: number
}

/** Looks again and again until it is stopped; a connection for each call would show as ever new ports. */
export function watchConnections(pid: number, port: number): () => Connections {
  const seen = new Set<string>()
  let atOnce = 0
  const timer = setInterval(() => {
    const open = connectionsTo(pid, port)
    atOnce = Math.max(atOnce, open.length)
    for (const connection of open) seen.add(connection)
  }, 200)
  return () => {
    clearInterval(timer)
    return { atOnce, inAll: seen.size }
  }
}
