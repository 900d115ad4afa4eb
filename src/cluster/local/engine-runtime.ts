// Runs a stage in a container, by the command line of Docker or Podman.

import { spawn } from "node:child_process"
import { startChild } from "./child.ts"
import type { ContainerRuntime } from "./container.ts"

type Env = Readonly<Record<string, string | undefined>>

export function engineRuntime(engine: "docker" | "podman"): ContainerRuntime {
  return {
    seesThisMachine: false,
    start({ name, image, command, args, env, message }, onLine) {
      const [entrypoint, ...rest] = command
      const options = [
        ["--rm", "--init", "--name", name, "--label", "app.kubernetes.io/managed-by=peanut"],
        // Z is for systems with SELinux, where the container could not write to it otherwise; elsewhere it means nothing.
        ["--volume", `${message.file}:${message.path}:Z`],
        ...Object.entries(env).map(([variable, value]) => [
          "--env",
          isForClient(variable, value) ? `${variable}=${value}` : variable,
        ]),
        ...(entrypoint === undefined ? [] : [["--entrypoint", entrypoint]]),
      ].flat()
      // By name only: the engine's client reads the values from its own environment, so none shows in `ps`.
      const byName = Object.fromEntries(
        Object.entries(env).filter(([variable, value]) => !isForClient(variable, value)),
      )
      const client = startChild(
        [engine, "run", ...options, image, ...rest, ...args],
        { ...process.env, ...byName },
        onLine,
      )
      // The container outlives its client, so it is the engine that must end it; where there is none yet, because its
      // image is still being pulled, the client is all there is to end.
      const signalContainer = (signal: "TERM" | "KILL") => {
        const killer = spawn(engine, ["kill", "--signal", signal, name], { stdio: "ignore", detached: true })
        killer.on("error", () => client.signal(`SIG${signal}`))
        killer.on("exit", (code) => {
          if (code !== 0) client.signal(`SIG${signal}`)
        })
      }
      return { exited: client.exited, terminate: () => signalContainer("TERM"), kill: () => signalContainer("KILL") }
    },
  }
}

/** Whether the engine's client would itself heed such a variable: given to it, a stage's PATH would hide the engine. */
function isForClient(variable: string, value: string, own: Env = process.env): boolean {
  if (/^(DOCKER|CONTAINERS?|PODMAN|XDG|LD)_|_proxy$/i.test(variable)) return own[variable] !== value
  return own[variable] !== undefined && own[variable] !== value
}
