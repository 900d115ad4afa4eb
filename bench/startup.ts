// node bench/startup.ts [rounds]: what the start of the built server costs, from process start to listening: CPU, memory,
// and the counts that do not depend on the machine. In turns with a bare Node.js process, which is the floor, and with V8's
// compile cache, as the image has it.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { atStart, bundle } from "../scripts/build.ts"
import buildBundle from "../test/build.ts"
import { freePort } from "../test/control-plane/processes.ts"
import { cpuSeconds } from "./control-plane/usage.ts"
import { publish, type Report } from "./report.ts"
import { median } from "./statistics.ts"

/** A pod's credentials, without a pod: what the server reads of them when it starts. */
const credentials = `
  import fs from "node:fs/promises"
  import { syncBuiltinESMExports } from "node:module"
  const { readFile } = fs
  fs.readFile = async (path, ...rest) => (String(path).includes("/serviceaccount/") ? "" : readFile(path, ...rest))
  syncBuiltinESMExports()
`
const server = fileURLToPath(new URL("../dist/server.js", import.meta.url))

interface Start {
  readonly cpuMillis: number
  readonly megabytes: number
}

interface Variant {
  readonly name: string
  readonly script: string
  readonly env?: Readonly<Record<string, string>>
}

export async function startupReports(rounds = 15): Promise<readonly Report[]> {
  buildBundle()
  const folder = mkdtempSync(join(tmpdir(), "peanut-startup-"))
  try {
    const at = (name: string) => join(folder, name)
    writeFileSync(at("bare.mjs"), "console.log(1); setTimeout(() => {}, 60_000)")
    writeFileSync(
      at("http.mjs"),
      'import { createServer } from "node:http"\ncreateServer(() => {}).listen(0, () => console.log(1))',
    )
    const variants: readonly Variant[] = [
      { name: "bare Node.js", script: at("bare.mjs") },
      { name: "an HTTP server that does nothing", script: at("http.mjs") },
      { name: "Peanut", script: server },
      { name: "Peanut, with the compile cache", script: server, env: { NODE_COMPILE_CACHE: at("cache") } },
    ]
    // The first round fills the cache and the file system's.
    writeFileSync(at("credentials.mjs"), credentials)
    for (const variant of variants) await start(variant, at("credentials.mjs"))
    const measured = variants.map((): Start[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [i, variant] of variants.entries()) measured[i]!.push(await start(variant, at("credentials.mjs")))
    }
    return [await report(variants, measured)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Starts a process, and looks at it when it says its first word: that it listens. */
async function start({ script, env }: Variant, preload: string): Promise<Start> {
  const PORT = String(await freePort())
  const child = spawn(process.execPath, ["--import", preload, script], {
    env: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1", PORT, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  })
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`${script} ended with ${code} before it listened`)
  })
  await Promise.race([once(child.stdout, "data"), exited])
  exited.catch(() => {}) // In time it ends, as it is told.
  const cpuMillis = 1000 * cpuSeconds(child.pid!)
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? []
  child.kill("SIGTERM")
  await Promise.race([once(child, "exit"), sleep(5000)])
  return { cpuMillis, megabytes: Number(kilobytes) / 1024 }
}

async function report(variants: readonly Variant[], measured: readonly (readonly Start[])[]): Promise<Report> {
  const { kilobytes, modules } = atStart((await bundle()).metafile)
  const of = (i: number, name: keyof Start) => median(measured[i]!.map((start) => start[name]))
  const cached = variants.length - 1
  return {
    title: "From process start to listening",
    columns: ["", "CPU ms", "resident MB"],
    rows: variants.map(({ name }, i) => [name, of(i, "cpuMillis"), of(i, "megabytes")]),
    notes: [
      `Before it listens the server reads ${Math.round(kilobytes)} kB in ${modules.length} modules; a test keeps that (test/server/budget.test.ts).`,
      "CPU comes in steps of 10 ms. What is started loads the file that stands in for a pod's credentials, in all rows.",
    ],
    targets: [
      { name: "CPU, as in the image", measured: of(cached, "cpuMillis"), atMost: 120, unit: "ms", kind: "time" },
      { name: "Memory, as in the image", measured: of(cached, "megabytes"), atMost: 75, unit: "MB", kind: "time" },
    ],
  }
}

if (import.meta.main) publish(await startupReports(Number(process.argv[2] ?? 15)))
