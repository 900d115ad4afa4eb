// Tekton Pipelines, by its own manifests, twice: as it comes, and as its documentation tunes it. Without its webhook: the
// objects below are written as the webhook would leave them, and its controller fills in the same defaults.

import { readdirSync } from "node:fs"
import type { Manifest } from "./cluster.ts"
import { bySucceeded, type Contender, type Place } from "./contender.ts"
import { command, type Graph, graphs, image, stagesOf } from "./graph.ts"
import { type Container, isShared, once, own } from "./install.ts"
import { open, type Pin, readManifests } from "./module.ts"

const pin: Pin = {
  name: "tekton",
  module: "github.com/tektoncd/pipeline",
  programs: ["cmd/controller", "cmd/entrypoint", "cmd/nop", "cmd/workingdirinit"],
  minutes: 2,
}

interface Tuning {
  readonly args: readonly string[]
  readonly featureFlags: Readonly<Record<string, string>>
}

/**
 * The numbers are those of its docs/tekton-controller-performance-configuration.md. The flag, of its
 * docs/additional-configs.md, lets a step begin without waiting for sidecars that something else might inject.
 */
const tuned: Tuning = {
  args: ["-kube-api-qps", "50", "-kube-api-burst", "50", "-threads-per-controller", "32"],
  featureFlags: { "running-in-environment-with-injected-sidecars": "false" },
}

export function tekton(): readonly Contender[] {
  const shared = once(install)
  return [
    contender("Tekton, as it comes", "tekton", shared, { args: [], featureFlags: {} }),
    contender("Tekton, tuned", "tekton-tuned", shared, tuned),
  ]
}

/** What both installations share is created; what each has for itself is given back. */
async function install({ cluster }: Place) {
  const module = await open(pin)
  const program = (name: string) => module.push(name, { folder: "/ko-app", entrypoint: `/ko-app/${name}`, user: 65532 })
  const controller = await program("controller")
  const helper = await program("entrypoint")
  const folders = ["config", "config/300-crds"]
  const files = folders.flatMap((folder) => {
    const names = readdirSync(module.at(folder)).filter((name) => /^(20[01]|300|config)-.*\.yaml$/.test(name))
    return names.map((name) => module.at(`${folder}/${name}`))
  })
  const manifests = readManifests([...files, module.at("config/controller.yaml")])
  await cluster.create(manifests.filter(isShared).map(withoutConversion))
  return { version: module.version, controller, helper, manifests }
}

/** Only the webhook converts, and everything here is of the stored version. */
function withoutConversion(manifest: Manifest): Manifest {
  if (manifest.kind !== "CustomResourceDefinition") return manifest
  const { spec } = manifest as Manifest & { readonly spec: object }
  return { ...manifest, spec: { ...spec, conversion: { strategy: "None" } } } as Manifest
}

function contender(name: string, slug: string, shared: typeof install, tuning: Tuning): Contender {
  return {
    name,
    slug,
    prepare: async (place) => {
      const { controller, helper, manifests, version } = await shared(place)
      const change = (container: Container) => {
        const args = container.args.map((arg) => (arg.startsWith("ko://") ? helper : arg))
        return { ...container, image: controller, args: [...args, "-namespace", place.namespace, ...tuning.args] }
      }
      const flagged = manifests.map((manifest) => withFlags(manifest, tuning))
      await place.cluster.create([...own(flagged, place.namespace, change), ...definitions(place)])
      await place.cluster.rolledOut(place.namespace, "tekton-pipelines-controller")
      return `Tekton Pipelines ${version}`
    },
    begin: async (place, run, { name }) => {
      const spec = { pipelineRef: { name } }
      await place.api.create(pipelineRuns(place), { apiVersion, kind: "PipelineRun", metadata: { name: run }, spec })
    },
    ending: (place, run) => ({ path: pipelineRuns(place), name: run }),
    outcome: bySucceeded,
  }
}

function withFlags(manifest: Manifest, { featureFlags }: Tuning): Manifest {
  if (manifest.kind !== "ConfigMap" || manifest.metadata.name !== "feature-flags") return manifest
  const { data } = manifest as Manifest & { readonly data: object }
  return { ...manifest, data: { ...data, ...featureFlags } } as Manifest
}

const apiVersion = "tekton.dev/v1"
const pipelineRuns = ({ namespace }: Place) => `/apis/${apiVersion}/namespaces/${namespace}/pipelineruns`

function definitions({ namespace }: Place): readonly Manifest[] {
  const steps = [{ name: "true", image, command }]
  const task = { apiVersion, kind: "Task", metadata: { name: "true", namespace }, spec: { steps } }
  const pipeline = (graph: Graph) => {
    const taskRef = { name: "true", kind: "Task" }
    const tasks = stagesOf(graph).map(({ name, dependsOn }) => ({ name, taskRef, runAfter: dependsOn }))
    return { apiVersion, kind: "Pipeline", metadata: { name: graph.name, namespace }, spec: { tasks } }
  }
  return [task, ...graphs.map(pipeline)]
}
