// node bench/chain.ts [rounds]: a chain of five stages of `true` with real containers, by Peanut and by five plain Jobs
// that `kubectl wait` chains. In turns, on the cluster that KUBECONFIG names, with Peanut installed and warm; wall clock
// of what a user types, kubectl included on both sides.

import { execFileSync } from "node:child_process"
import { rounds } from "./api.ts"
import { median } from "./statistics.ts"

const target = 0.75
const length = 5
const namespace = `bench-${Date.now().toString(36)}`
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
  console.log(`a chain of ${length} stages of \`true\`; the first run of each only warms up`)
  console.log("round  Peanut  plain Jobs  ratio")
  const measured: { peanut: number; plain: number }[] = []
  for (let round = 0; round <= rounds(5); round++) {
    const figures = { peanut: seconds(peanut, round), plain: seconds(plainJobs, round) }
    if (round > 0) measured.push(figures)
    print(round === 0 ? "warm" : String(round), figures)
  }
  const medians = { peanut: median(measured.map((m) => m.peanut)), plain: median(measured.map((m) => m.plain)) }
  print("median", medians)
  const isMet = medians.peanut / medians.plain <= target
  console.log(`target: ratio at most ${target}: ${isMet ? "met" : "missed"}`)
  process.exitCode = isMet ? 0 : 1
} finally {
  execFileSync("kubectl", ["delete", "namespace", namespace, "--wait=false"], { stdio: "ignore" })
}

function print(label: string, { peanut, plain }: { readonly peanut: number; readonly plain: number }): void {
  const columns = [label.padEnd(6), `${peanut.toFixed(2)} s`.padEnd(8), `${plain.toFixed(2)} s`.padEnd(10)]
  console.log(`${columns.join(" ")}  ${(peanut / plain).toFixed(2)}`)
}
