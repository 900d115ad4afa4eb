// Peanut's servers as processes that are killed and started again. The first one lives through the whole soak, so that
// its memory can be compared.

import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort, type Running, ready, start } from "../control-plane/processes.ts"
import { collectGarbage } from "./inspector.ts"

export interface Memory {
  readonly rssMegabytes: number
  readonly heapMegabytes: number
}

export interface Servers {
  /** Of those that take events now. */
  readonly urls: () => readonly string[]
  /** Ends one of those that may be ended, and starts it again. */
  readonly replace: (signal: "SIGKILL" | "SIGTERM") => Promise<void>
  /** Of the first server, right after its garbage was collected. */
  readonly memory: () => Promise<Memory>
  /** Ends that nobody asked for, and lines in the logs that should not be there. */
  readonly problems: () => readonly string[]
  readonly stop: () => Promise<void>
}

interface Server {
  readonly url: string
  readonly logFile: string
  readonly running: Running
  readonly inspectorPort: number
}

const bundle = fileURLToPath(new URL("../../dist/server.js", import.meta.url))

export async function startServers(count: number, kubeconfig: string, folder: string): Promise<Servers> {
  const problems: string[] = []
  const logFiles: string[] = []

  const launch = async (): Promise<Server> => {
    const [port, inspectorPort] = [await freePort(), await freePort()]
    const logFile = join(folder, `server-${logFiles.length + 1}.log`)
    logFiles.push(logFile)
    const args = [`--inspect=127.0.0.1:${inspectorPort}`, "--inspect-publish-uid=http", bundle]
    const running = start({
      program: process.execPath,
      args,
      env: { PORT: String(port), KUBECONFIG: kubeconfig },
      logFile,
    })
    const url = `http://127.0.0.1:${port}`
    await ready("a server", running, () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    return { url, logFile, running, inspectorPort }
  }

  const servers: (Server | undefined)[] = []
  for (let i = 0; i < count; i++) servers.push(await launch())
  const [first] = servers
  let turn = 0

  return {
    urls: () => servers.flatMap((server) => (server === undefined ? [] : [server.url])),
    replace: async (signal) => {
      const place = 1 + (turn++ % (count - 1))
      const server = servers[place]!
      // Where it is killed, events go to it until it is dead; told to end, it is taken out first, as by Knative.
      if (signal === "SIGTERM") servers[place] = undefined
      await server.running.stop(signal === "SIGTERM" ? 30_000 : 0)
      servers[place] = undefined
      const end = server.running.ended()
      const expected = signal === "SIGTERM" ? "ended with exit code 0" : "was ended by SIGKILL"
      if (end !== expected) problems.push(`a server that got ${signal} ${end}: ${server.running.log().slice(-500)}`)
      servers[place] = await launch()
    },
    memory: async () => {
      const heapBytes = await collectGarbage(first!.inspectorPort)
      const rssKilobytes = Number(
        execFileSync("ps", ["-o", "rss=", "-p", String(first!.running.pid)], { encoding: "utf8" }),
      )
      return { rssMegabytes: rssKilobytes / 1024, heapMegabytes: heapBytes / 1024 / 1024 }
    },
    problems: () => [
      ...problems,
      ...servers.flatMap((server) => {
        const end = server?.running.ended()
        return end === undefined ? [] : [`a server ${end} by itself: ${server!.running.log().slice(-500)}`]
      }),
      ...logFiles.flatMap((file) => unexpectedLines(readFileSync(file, "utf8"))),
    ],
    stop: async () => {
      await Promise.all(servers.map((server) => server?.running.stop()))
    },
  }
}

/** What a server may say beyond information: that it answered 503, and that Events, sinks, or the API server are slow. */
const allowed = ["not now", "announcements took too long", "one object took long"]
/** Of Node.js itself, as it is asked for the inspector. */
const inspectorLines =
  /^(Debugger (listening|attached|ending)|For help, see: https:\/\/nodejs|Waiting for the debugger)/

export function unexpectedLines(log: string): readonly string[] {
  return log
    .split("\n")
    .filter((line) => line !== "" && !inspectorLines.test(line))
    .filter((line) => {
      try {
        const { level, message } = JSON.parse(line) as { level?: string; message?: string }
        return level !== "INFO" && !(level === "WARN" && allowed.includes(message ?? ""))
      } catch {
        return true // A stack trace: a rejection that nobody handled, or a crash.
      }
    })
    .map((line) => `a server logged: ${line.slice(0, 500)}`)
}
