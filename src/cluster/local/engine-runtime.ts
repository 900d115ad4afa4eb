// Runs a stage in a container, by the command line of Docker or Podman.

import { spawn } from "node:child_process"
import type { ContainerExit, ContainerRuntime } from "./container.ts"
import { onLines } from "./lines.ts"

export function engineRuntime(engine: "docker" | "podman"): ContainerRuntime {
  return {
    start({ name, image, command, args, env }, onLine) {
      const [entrypoint, ...rest] = command
      const options = [
        ["--rm", "--init", "--name", name, "--label", "app.kubernetes.io/managed-by=peanut"],
        // By name only: the engine's client reads the values from its own environment, so none shows in `ps`.
        ...Object.keys(env).map((variable) => ["--env", variable]),
        ...(entrypoint === undefined ? [] : [["--entrypoint", entrypoint]]),
      ].flat()
      const child = spawn(engine, ["run", ...options, image, ...rest, ...args], {
        env: { ...process.env, ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      })
      onLines(child.stdout, onLine)
      onLines(child.stderr, onLine)
      const exited = new Promise<ContainerExit>((resolve) => {
        child.on("error", (error) => resolve({ exitCode: 128, message: error.message }))
        child.on("close", (code) => resolve({ exitCode: code ?? 137 }))
      })
      // The container outlives its client, so it is the engine that must end it.
      const signalContainer = (signal: string) => {
        spawn(engine, ["kill", "--signal", signal, name], { stdio: "ignore", detached: true }).on(
          "error",
          () => undefined,
        )
      }
      return { exited, terminate: () => signalContainer("TERM"), kill: () => signalContainer("KILL") }
    },
  }
}
