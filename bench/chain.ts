// node bench/chain.ts [rounds]: a chain of five stages of `true` with real containers, by Peanut and by five plain Jobs
// that `kubectl wait` chains. In turns, on the cluster that KUBECONFIG names, with Peanut installed and warm; wall clock
// of what a user types, kubectl included on both sides.

import { execFileSync } from "node:child_process"
import { publish, type Report } from "./report.ts"
import { median } from "./statistics.ts"

const target = 0.7
const length = 5
const namespace = `bench-chain-${Date.now().toString(36)}`
const image = "busybox"

function kubectl(args: readonly string[], input?: object | readonly object[]): void {
  const text = [input ?? []].flat().map((object) => JSON.stringify(object))
  execFileSync("kubectl", ["-n", namespace, ...args], { input: text.join("\n"), stdio: ["pipe", "ignore", "inherit"] })
}

const apiVersion = "pipeline.peanut.dev/v1alpha1"
const names = Array.from({ length }, (_, i) => `stage-${i + 1}`)

function peanut(round: number): void {
  const name = `run-${round}`
  kubectl(["apply", "-f", "-"], {
    apiVersion,
    kind: "PeanutPipelineExecution",
    metadata: { name },
    spec: { pipelineName: "chain" },
  })
  kubectl(["wait", `peanutpipelineexecution/${name}`, "--for=condition=Succeeded", "--timeout=120s"])
}

function plainJobs(round: number): void {
  for (const stage of names) {
    const name = `plain-${round}-${stage}`
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "stage", image, command: ["true"] }] } }
    kubectl(["apply", "-f", "-"], {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name },
      spec: { backoffLimit: 0, template },
    })
    kubectl(["wait", `job/${name}`, "--for=condition=Complete", "--timeout=120s"])
  }
}

function seconds(work: (round: number) => void, round: number): number {
  const start = performance.now()
  work(round)
  return (performance.now() - start) / 1000
}

export async function chainReports(rounds = 5): Promise<readonly Report[]> {
  execFileSync("kubectl", ["create", "namespace", namespace], { stdio: "ignore" })
  try {
    const stages = names.map((name, i) => ({ name, type: "true", ...(i > 0 && { dependsOn: [names[i - 1]] }) }))
    kubectl(
      ["apply", "-f", "-"],
      [
        { apiVersion, kind: "PeanutStage", metadata: { name: "true" }, spec: { image, command: ["true"] } },
        { apiVersion, kind: "PeanutPipeline", metadata: { name: "chain" }, spec: { stages } },
      ],
    )
    const measured: { peanut: number; plain: number }[] = []
    for (let round = 0; round <= rounds; round++) {
      const figures = { peanut: seconds(peanut, round), plain: seconds(plainJobs, round) }
      // The first round only warms up.
      if (round > 0) measured.push(figures)
    }
    return [report(measured)]
  } finally {
    execFileSync("kubectl", ["delete", "namespace", namespace, "--wait=false"], { stdio: "ignore" })
  }
}

function report(measured: readonly { readonly peanut: number; readonly plain: number }[]): Report {
  const middle = { peanut: median(measured.map((m) => m.peanut)), plain: median(measured.map((m) => m.plain)) }
  const row = (label: string, { peanut, plain }: typeof middle) => [label, peanut, plain, (peanut / plain).toFixed(2)]
  return {
    title: `A chain of ${length} stages of \`true\`, real containers`,
    columns: ["Round", "Peanut s", "plain Jobs s", "ratio"],
    rows: [...measured.map((figures, i) => row(String(i + 1), figures)), row("median", middle)],
    notes: ["In turns; wall clock of what a user types, kubectl included on both sides."],
    targets: [
      { name: "Peanut / plain Jobs", measured: middle.peanut / middle.plain, atMost: target, unit: "", kind: "time" },
    ],
  }
}

if (import.meta.main) publish(await chainReports(Number(process.argv[2] ?? 5)))
