// Starts programs whose end is certain: by stop(), or by the watchdog when this process dies in any way. Each writes
// its own log file, the last lines of which are in the error when it fails to start.
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { createServer, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

export interface Running {
  readonly pid: number
  readonly log: () => string
  /** Undefined while it runs; else how it ended. */
  readonly ended: () => string | undefined
  /** SIGTERM, then SIGKILL after the grace; 0 kills at once. */
  readonly stop: (graceMs?: number) => Promise<void>
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly logFile: string
}

export function start({ program, args, env = {}, logFile }: Command): Running {
  // The file, not a pipe: what a program says before it dies is there, even when this process was too busy to read.
  const log = openSync(logFile, "w")
  const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", log, log] })
  closeSync(log)
  let end: string | undefined
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      end = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      unguard(`process ${child.pid}`)
      resolve()
    })
    child.once("error", (error) => {
      end = error.message
      resolve()
    })
  })
  if (child.pid !== undefined) guard(`process ${child.pid}`)
  return {
    pid: child.pid ?? -1,
    log: () => readFileSync(logFile, "utf8"),
    ended: () => end,
    stop: async (graceMs = 0) => {
      if (end) return
      if (graceMs > 0) {
        child.kill("SIGTERM")
        await Promise.race([gone, sleep(graceMs, undefined, { ref: false })])
      }
      if (!end) child.kill("SIGKILL")
      await gone
    },
  }
}

/** Asks every 50 ms until it is true; fails with the log's last lines when the program ends or the time is up. */
export async function ready(name: string, running: Running, isReady: () => Promise<boolean> | boolean): Promise<void> {
  const timeoutSeconds = 60
  const deadline = Date.now() + timeoutSeconds * 1000
  const fail = (what: string) => new Error(`${name} ${what}; its log ends with:\n${lastLines(running.log())}`)
  while (!(await isReady())) {
    const end = running.ended()
    if (end) throw fail(end)
    if (Date.now() > deadline) throw fail(`was not ready after ${timeoutSeconds} s`)
    await sleep(50)
  }
}

/**
 * A port that nobody listens on, below the range from which the kernel serves itself: no outgoing connection and no
 * `listen(0)` takes it between this look and the server's start, or while the server restarts.
 */
export async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000)
  const isFree = await new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
  return isFree ? port : freePort()
}

/** A folder that is removed by its own `remove`, or by the watchdog. */
export function temporaryFolder(prefix: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), prefix))
  guard(`folder ${path}`)
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 })
      unguard(`folder ${path}`)
    },
  }
}

let watchdog: ChildProcess | undefined

function guard(what: string): void {
  if (!watchdog) {
    // Detached, so that Ctrl-C, which goes to the whole group, leaves it alive to do its work.
    const script = join(import.meta.dirname, "watchdog.ts")
    watchdog = spawn(process.execPath, [script], { detached: true, stdio: ["pipe", "ignore", "inherit"] })
    watchdog.unref()
    watchdog.stdin?.on("error", () => {}) // If it was killed by hand, stop() still ends everything.
    if (watchdog.stdin instanceof Socket) watchdog.stdin.unref()
  }
  watchdog.stdin?.write(`guard ${what}\n`)
}

function unguard(what: string): void {
  watchdog?.stdin?.write(`unguard ${what}\n`)
}

function lastLines(log: string): string {
  return log.trimEnd().split("\n").slice(-15).join("\n")
}
