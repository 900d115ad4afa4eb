// The floor: what a shell script does. Plain Jobs, wave after wave, chained by `kubectl wait`.

import { kubectl } from "./cluster.ts"
import type { Contender, Place } from "./contender.ts"
import { command, image, stagesOf, wavesOf } from "./graph.ts"

export const plainJobs: Contender = {
  name: "plain Jobs, `kubectl wait`",
  slug: "plain-jobs",
  prepare: async ({ api }) => `Kubernetes ${(await api.get<{ readonly gitVersion: string }>("/version")).gitVersion}`,
  begin: async ({ namespace }, run, graph) => {
    const waves = wavesOf(graph)
    for (const wave of waves) {
      const names = wave.map(({ name }) => `${run}-${name}`)
      await kubectl(["apply", "-n", namespace, "-f", "-"], names.map(job))
      if (wave === waves.at(-1)) return // Whoever measures sees it end.
      const jobs = names.map((name) => `job/${name}`)
      await kubectl(["wait", "-n", namespace, ...jobs, "--for=condition=Complete", "--timeout=300s"])
    }
  },
  ending: (place, run, graph) => ({ path: jobsOf(place), name: `${run}-${stagesOf(graph).at(-1)?.name}` }),
  outcome: ({ status }) => {
    const has = (wanted: string) => status?.conditions?.some(({ type, status }) => type === wanted && status === "True")
    if (has("Complete")) return "Succeeded"
    return has("Failed") ? "Failed" : undefined
  },
}

const jobsOf = ({ namespace }: Place) => `/apis/batch/v1/namespaces/${namespace}/jobs`

function job(name: string) {
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "stage", image, command }] } }
  return { apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec: { backoffLimit: 0, template } }
}
