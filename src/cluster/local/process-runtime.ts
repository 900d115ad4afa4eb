// Runs a stage's command as a process of this machine. The image is not used.

import { spawn } from "node:child_process"
import { constants } from "node:os"
import type { ContainerExit, ContainerRuntime } from "./container.ts"
import { onLines } from "./lines.ts"

export const processRuntime: ContainerRuntime = {
  start({ command, args, env }, onLine) {
    const [program = "", ...words] = [...command, ...args]
    // A group of its own, so that whatever it starts ends with it, and Ctrl-C in the terminal reaches Peanut alone.
    const child = spawn(program, words, {
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    })
    onLines(child.stdout, onLine)
    onLines(child.stderr, onLine)
    const signalGroup = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {
        // Nothing of the group is left.
      }
    }
    const exited = new Promise<ContainerExit>((resolve) => {
      child.on("error", (error) => resolve({ exitCode: 128, message: error.message }))
      // As in a container, nothing outlives the program; a child that kept the output open would also hold up the end.
      child.on("exit", () => signalGroup("SIGKILL"))
      child.on("close", (code, signal) => resolve({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) }))
    })
    return { exited, terminate: () => signalGroup("SIGTERM"), kill: () => signalGroup("SIGKILL") }
  },
}
