// Runs a stage's command as a process of this machine. The image is not used.

import { startChild } from "./child.ts"
import type { ContainerRuntime } from "./container.ts"

export const processRuntime: ContainerRuntime = {
  seesThisMachine: true,
  start({ command, args, env }, onLine) {
    const child = startChild([...command, ...args], { ...process.env, ...env }, onLine)
    return { exited: child.exited, terminate: () => child.signal("SIGTERM"), kill: () => child.signal("SIGKILL") }
  },
}
