// A program run as a child of Peanut, from its start to the last line that it wrote.

import { spawn } from "node:child_process"
import { constants } from "node:os"
import { getSystemErrorMessage } from "node:util"
import type { ContainerExit } from "./container.ts"
import { onLines } from "./lines.ts"

export interface Child {
  readonly exited: Promise<ContainerExit>
  /** Signals the program and all that it started, as long as it runs. */
  signal(signal: NodeJS.Signals): void
}

/** After this long without a word, what still holds the output of an ended program open is not waited for, */
const silenceMillis = 100
/** nor after so many times that long, if it goes on writing. */
const patience = 20

/** Starts a program with its arguments. It never throws: what cannot be started has exited with 128 and says why. */
export function startChild(
  [program = "", ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Child {
  try {
    // A group of its own, so that whatever it starts ends with it, and Ctrl-C in the terminal reaches Peanut alone.
    const child = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
    let isOver = false
    const signal = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined && !isOver) process.kill(-child.pid, name)
      } catch {
        // Nothing of the group is left.
      }
    }
    const exited = new Promise<ContainerExit>((resolve) => {
      child.on("error", (error) => resolve(notStarted(program, error)))
      child.on("exit", (code, by) => {
        // As in a container, nothing outlives the program; nor may a child of it that kept the output open hold up the end.
        signal("SIGKILL")
        isOver = true
        const exitCode = code ?? 128 + (by === null ? 0 : constants.signals[by])
        child.on("close", () => resolve({ exitCode }))
        let left = patience
        const watch = setInterval(() => {
          if (hasWritten && left-- > 0) hasWritten = false
          else for (const stream of [child.stdout, child.stderr]) stream.destroy()
        }, silenceMillis)
        child.on("close", () => clearInterval(watch))
      })
    })
    let hasWritten = false
    for (const stream of [child.stdout, child.stderr]) {
      onLines(stream, onLine)
      stream.on("data", () => {
        hasWritten = true
      })
    }
    return { exited, signal }
  } catch (error) {
    return { exited: Promise.resolve(notStarted(program, error as NodeJS.ErrnoException)), signal: () => {} }
  }
}

function notStarted(program: string, { errno, message }: NodeJS.ErrnoException): ContainerExit {
  const why = errno === undefined ? message : getSystemErrorMessage(errno)
  return { exitCode: 128, message: `cannot start ${JSON.stringify(program)}: ${why}` }
}
