// What a run was measured on: without it, no time means anything to anybody else.

import { readFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, totalmem } from "node:os"
import { join } from "node:path"
import { modulesFolder } from "../test/control-plane/sources.ts"
import type { Report } from "./report.ts"

export function machineReport(): Report {
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`
  const rows = [
    ["Cores", `${availableParallelism()} (${cpus()[0]?.model.trim()})`],
    ["Memory", memory],
    // More than there are cores says that others were busy, too, and that times are worth little.
    ["Load of the last 15 minutes", loadavg()[2]!.toFixed(1)],
    ["Node.js", process.version],
    ["Kubernetes", versionOf("kubernetes", "k8s.io/kubernetes")],
    ["etcd", versionOf("etcd", "go.etcd.io/etcd/server/v3")],
    ["Knative Eventing", versionOf("knative-eventing", "knative.dev/eventing")],
    ["KWOK", versionOf("kwok", "sigs.k8s.io/kwok")],
  ]
  return { title: "The machine", columns: ["", "What"], rows, notes: [], targets: [] }
}

/** As pinned; programs of KUBEBUILDER_ASSETS may differ. */
function versionOf(module: string, name: string): string {
  const goMod = readFileSync(join(modulesFolder, module, "go.mod"), "utf8")
  return (
    goMod
      .split("\n")
      .find((line) => line.includes(`${name} v`))
      ?.match(/ (v\S+)/)?.[1] ?? "?"
  )
}
