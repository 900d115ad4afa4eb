// Peanut as it is installed, twice: from zero pods, and right after that, while its pod is still there.

import { untilZero } from "../zero-pods.ts"
import { bySucceeded, type Contender, type Place } from "./contender.ts"
import { command, type Graph, graphs, image, stagesOf } from "./graph.ts"

const apiVersion = "pipeline.peanut.dev/v1alpha1"

export const peanutFromZero: Contender = {
  ...peanut("Peanut, from zero pods", "peanut-cold"),
  before: ({ api }) => untilZero(api),
}

/** To be measured right after the other one. */
export const peanutWarm: Contender = peanut("Peanut, its pod warm", "peanut-warm")

function peanut(name: string, slug: string): Contender {
  return {
    name,
    slug,
    prepare: async ({ api, cluster, namespace }) => {
      await api.get("/apis/serving.knative.dev/v1/namespaces/peanut-system/services/peanut").catch(() => {
        throw new Error("Peanut is not installed on this cluster, as docs/install.md does it")
      })
      const stage = { apiVersion, kind: "PeanutStage", metadata: { name: "true", namespace }, spec: { image, command } }
      await cluster.create([stage, ...graphs.map((graph) => pipeline(namespace, graph))])
      return "Peanut as installed here"
    },
    begin: async (place, run, { name: pipelineName }) => {
      const execution = { apiVersion, kind: "PeanutPipelineExecution", metadata: { name: run }, spec: { pipelineName } }
      await place.api.create(executions(place), execution)
    },
    ending: (place, run) => ({ path: executions(place), name: run }),
    outcome: bySucceeded,
  }
}

const executions = ({ namespace }: Place) => `/apis/${apiVersion}/namespaces/${namespace}/peanutpipelineexecutions`

function pipeline(namespace: string, graph: Graph) {
  const stages = stagesOf(graph).map(({ name, dependsOn }) => ({ name, type: "true", dependsOn }))
  return { apiVersion, kind: "PeanutPipeline", metadata: { name: graph.name, namespace }, spec: { stages } }
}
