// npm run bench [-- --full]: every bench, one after the other, into bench/results.md and bench/results.json. What needs the
// programs of a control plane takes them from KUBEBUILDER_ASSETS; what needs a cluster with Peanut, from KUBECONFIG. What
// cannot be had is not measured, and the results say why.

import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { chainReports } from "./chain.ts"
import { coldReports } from "./cold.ts"
import { handOffReports } from "./hand-off.ts"
import { machineReport } from "./machine.ts"
import { judge, markdown, type Report } from "./report.ts"
import { resyncReports } from "./resync.ts"
import { usualScale } from "./scale/options.ts"
import { scaleReports } from "./scale.ts"
import { startupReports } from "./startup.ts"

interface Bench {
  readonly name: string
  readonly run: () => Promise<readonly Report[]>
  /** Why it cannot be run here, if it cannot. */
  readonly obstacle?: () => string | undefined
}

const { values } = parseArgs({ options: { full: { type: "boolean", default: false } } })

const benches: readonly Bench[] = [
  { name: "startup", run: () => startupReports() },
  { name: "cold", run: () => coldReports(3), obstacle: withoutPeanut },
  { name: "chain", run: () => chainReports(3), obstacle: withoutPeanut },
  { name: "hand-off", run: () => handOffReports() },
  { name: "resync", run: () => resyncReports(values.full ? [1000, 10_000] : undefined) },
  { name: "scale", run: () => scaleReports({ ...usualScale, isFull: values.full }) },
]

const measured: { readonly bench: string; readonly seconds: number; readonly reports: readonly Report[] }[] = []
for (const { name, run, obstacle } of benches) {
  const why = obstacle?.()
  const start = performance.now()
  const reports =
    why === undefined ? await run().catch((error) => [unmeasured(name, String(error))]) : [unmeasured(name, why)]
  const seconds = Math.round((performance.now() - start) / 1000)
  console.error(`${name}: ${seconds} s`)
  measured.push({ bench: name, seconds, reports })
}

const machine = machineReport()
const reports = [machine, ...measured.flatMap(({ reports }) => reports)]
const date = new Date().toISOString().slice(0, 10)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const head = `# Results\n\nWritten by \`npm run bench\` on ${date}; docs/performance.md says how to read them.\n`
writeFileSync(path("results.md"), [head, ...reports.map(markdown)].join("\n"))
writeFileSync(path("results.json"), `${JSON.stringify({ date, machine, measured }, undefined, 1)}\n`)
judge(reports)

function unmeasured(name: string, why: string): Report {
  return { title: `Not measured: ${name}`, columns: ["Bench", "Why"], rows: [[name, why]], notes: [], targets: [] }
}

function withoutPeanut(): string | undefined {
  try {
    execFileSync("kubectl", ["get", "service.serving.knative.dev/peanut", "-n", "peanut-system"], { stdio: "pipe" })
    return undefined
  } catch {
    return "KUBECONFIG names no cluster with Peanut in the namespace peanut-system"
  }
}
