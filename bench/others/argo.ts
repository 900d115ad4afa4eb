// Argo Workflows, by its own manifests for one namespace, twice: as it comes, and as its documentation tunes it.

import { kubectl } from "./cluster.ts"
import type { Contender, Place } from "./contender.ts"
import { command, type Graph, image, stagesOf } from "./graph.ts"
import { type Container, isShared, once, own } from "./install.ts"
import { manifestsOf, open, type Pin, readManifests } from "./module.ts"

const pin: Pin = {
  name: "argo-workflows",
  module: "github.com/argoproj/argo-workflows/v3",
  programs: ["cmd/workflow-controller", "cmd/argoexec"],
  minutes: 5,
  links: { "workflow/executor/osspecific/signal_linux.go": "signal_darwin.go" },
}

interface Tuning {
  readonly args: readonly string[]
  readonly env: readonly object[]
}

/** The rates are those of its docs/scaling.md; the time, 10 s as it comes, is in its docs/environment-variables.md. */
const tuned: Tuning = {
  args: ["--qps=50", "--burst=75"],
  env: [{ name: "DEFAULT_REQUEUE_TIME", value: "100ms" }],
}

export function argo(): readonly Contender[] {
  const shared = once(install)
  return [
    contender("Argo Workflows, as it comes", "argo", shared, { args: [], env: [] }),
    contender("Argo Workflows, tuned", "argo-tuned", shared, tuned),
  ]
}

/** What both installations share is created; what each has for itself is given back. */
async function install({ cluster }: Place) {
  const module = await open(pin)
  const program = (name: string, user: number) =>
    module.push(name, { folder: "/bin", entrypoint: `/bin/${name}`, user })
  const images = { controller: await program("workflow-controller", 8737), executor: await program("argoexec", 0) }
  const all = manifestsOf(await kubectl(["kustomize", module.at("manifests/namespace-install")]))
  const manifests = all.filter(({ metadata }) => !metadata.name.startsWith("argo-server"))
  await cluster.create(manifests.filter(isShared))
  // What the pods of a run may do, as its documentation asks for.
  const roles = ["executor/emissary/executor-role.yaml", "executor-default-rolebinding.yaml"]
  const ofRuns = readManifests(roles.map((file) => module.at(`manifests/quick-start/base/${file}`)))
  return { version: module.version, images, manifests: [...manifests, ...ofRuns] }
}

function contender(name: string, slug: string, shared: typeof install, tuning: Tuning): Contender {
  return {
    name,
    slug,
    prepare: async (place) => {
      const { images, manifests, version } = await shared(place)
      const args = ["--executor-image", images.executor, ...tuning.args]
      const change = (controller: Container) => ({
        ...controller,
        image: images.controller,
        args: [...controller.args, ...args],
        env: [...controller.env, ...tuning.env],
      })
      await place.cluster.create(own(manifests, place.namespace, change))
      await place.cluster.rolledOut(place.namespace, "workflow-controller")
      return `Argo Workflows ${version}`
    },
    begin: async (place, run, graph) => {
      const workflow = { apiVersion, kind: "Workflow", metadata: { name: run }, spec: spec(graph) }
      await place.api.create(workflows(place), workflow)
    },
    ending: (place, run) => ({ path: workflows(place), name: run }),
    outcome: ({ status }) => {
      if (status?.phase === "Succeeded") return "Succeeded"
      return status?.phase === "Failed" || status?.phase === "Error" ? "Failed" : undefined
    },
  }
}

const apiVersion = "argoproj.io/v1alpha1"
const workflows = ({ namespace }: Place) => `/apis/${apiVersion}/namespaces/${namespace}/workflows`

function spec(graph: Graph) {
  const tasks = stagesOf(graph).map(({ name, dependsOn }) => ({ name, template: "true", dependencies: dependsOn }))
  const stage = { name: "true", container: { image, command } }
  return { entrypoint: "graph", templates: [{ name: "graph", dag: { tasks } }, stage] }
}
