// Runs the real program as a user does, and writes the manifests that it plays.

import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, vi } from "vitest"
import type { ExecutionStatus } from "../../src/api/execution.ts"
import type { StageSpec } from "../../src/api/stage.ts"

export const root = fileURLToPath(new URL("../..", import.meta.url))
/** The bundle, which test/build.ts has built. */
export const bundle = [process.execPath, join(root, "dist/peanut.js")]

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** All that was written so far, to either stream. */
  readonly text: () => string
  /** Until this was written. */
  readonly says: (words: string) => Promise<void>
  readonly stdin: NodeJS.WritableStream
  readonly stdout: NodeJS.ReadableStream & { destroy(): void }
}

/** Starts a command in a process group of its own, as a terminal does, so that a test can interrupt it with all below it. */
export function start(words: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const [program = "", ...args] = words
  // What Node.js decides about colours by; in a CI it uses none.
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...inherited } = process.env
  const child = spawn(program, args, { cwd: root, env: { ...inherited, ...env }, detached: true })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  child.stdin.on("error", () => {})
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })
  const text = () => stdout + stderr
  const says = (words: string) => vi.waitFor(() => expect(text()).toContain(words), { timeout: 15_000, interval: 20 })
  return { pid: child.pid!, ended, text, says, stdin: child.stdin, stdout: child.stdout }
}

/** `peanut` with these arguments, and with this on its standard input. */
export function peanut(args: readonly string[], { input = "", env = {} } = {}): Started {
  const started = start([...bundle, ...args], env)
  started.stdin.end(input)
  return started
}

/** What a stage does: a script of sh, or a spec; and after which others. */
export type Step = Partial<StageSpec> & { readonly sh?: string; readonly after?: readonly string[] }

/** A pipeline of these steps, its stages and an execution, as documents. The scripts see the marker as `$0`. */
export function documents(steps: Readonly<Record<string, Step>>, marker = "sh", name = "web"): readonly object[] {
  const apiVersion = "pipeline.peanut.dev/v1alpha1"
  const entries = Object.entries(steps)
  return [
    ...entries.map(([, { sh, after: _, ...spec }], index) => ({
      apiVersion,
      kind: "PeanutStage",
      metadata: { name: `${name}-${index}` },
      spec: { image: "busybox", ...(sh !== undefined && { command: ["sh", "-c", sh, marker] }), ...spec },
    })),
    {
      apiVersion,
      kind: "PeanutPipeline",
      metadata: { name },
      spec: {
        stages: entries.map(([stage, { after }], i) => ({ name: stage, type: `${name}-${i}`, dependsOn: after })),
      },
    },
    { apiVersion, kind: "PeanutPipelineExecution", metadata: { name: `${name}-1` }, spec: { pipelineName: name } },
  ]
}

/** JSON documents are YAML documents. */
export function yaml(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("---\n")
}

/** Runs these steps to their end. */
export function runSteps(steps: Readonly<Record<string, Step>>, args: readonly string[] = []): Promise<Ended> {
  return peanut(["run", "-", ...args], { input: yaml(documents(steps)) }).ended
}

/** The statuses of the stages in the JSON that `-o json` wrote, by name. */
export function stagesIn(json: string) {
  const { status } = JSON.parse(json) as { status: ExecutionStatus }
  return Object.fromEntries((status.stages ?? []).map((stage) => [stage.name, stage]))
}

export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "peanut-run-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

/** A number of seconds to sleep that no other process has among its arguments: an hour, and a little. */
export function newMarker(): string {
  return `3600.${process.pid}${Math.random().toString().slice(2, 12)}`
}

/** The command lines of all processes that have the marker among their arguments. */
export function processesWith(marker: string): readonly string[] {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "stat=,args="], { encoding: "utf8", maxBuffer: 1e8 }).split("\n")
  return lines.filter((line) => line.includes(marker) && !line.startsWith("Z"))
}
