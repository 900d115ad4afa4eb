// Runs a stage in a container, by the command line of Docker or Podman.

import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startChild } from "./child.ts"
import type { ContainerRuntime } from "./container.ts"
import { engineCommand } from "./engine-command.ts"

export function engineRuntime(engine: "docker" | "podman"): ContainerRuntime {
  return {
    seesThisMachine: false,
    start(container, onLine) {
      // Nobody else can enter it.
      const folder = mkdtempSync(join(tmpdir(), "peanut-env-"))
      const remove = () => rmSync(folder, { recursive: true, force: true })
      const envFile = join(folder, "env")
      const command = engineCommand(container, envFile)
      if ("refusal" in command) {
        remove()
        const exit = { exitCode: 128, message: `cannot run it by ${engine}: ${command.refusal}` }
        return { exited: Promise.resolve(exit), terminate: () => {}, kill: () => {} }
      }
      writeFileSync(envFile, command.envFile, { mode: 0o600 })
      const client = startChild([engine, ...command.words], { ...process.env, ...command.env }, onLine)
      // The container outlives its client, so it is the engine that must end it; where there is none yet, because its
      // image is still being pulled, the client is all there is to end.
      const signalContainer = (signal: "TERM" | "KILL") => {
        const killer = spawn(engine, ["kill", "--signal", signal, container.name], { stdio: "ignore", detached: true })
        killer.on("error", () => client.signal(`SIG${signal}`))
        killer.on("exit", (code) => {
          if (code !== 0) client.signal(`SIG${signal}`)
        })
      }
      return {
        exited: client.exited.finally(remove),
        terminate: () => signalContainer("TERM"),
        kill: () => signalContainer("KILL"),
      }
    },
  }
}
