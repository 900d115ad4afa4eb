// Knative's own apiserver_receive_adapter as a bare process: the program that an ApiServerSource runs, configured as
// the source's controller would configure it. Its events, their order and what it loses are the real thing.
import { join } from "node:path"
import { type Running, ready, start } from "./processes.ts"

export interface AdapterOptions {
  /** Where events go; what a Knative source resolves `spec.sink` to. */
  readonly sink: string
  /** As in an ApiServerSource's `spec.resources`. */
  readonly resources: readonly WatchedResource[]
  /** Of the source; part of no event, only of logs. */
  readonly name?: string
  /** All namespaces, unless listed. */
  readonly namespaces?: readonly string[]
  /** Resource: the event carries the whole object. Reference: only its name. */
  readonly mode?: "Resource" | "Reference"
  /** Instead of the administrator's: a file of `kubeconfigFor`. */
  readonly kubeconfig?: string
  /** More of its environment, such as K_AUDIENCE, K_OIDC_SERVICE_ACCOUNT or NAMESPACE. */
  readonly env?: Readonly<Record<string, string>>
}

export interface WatchedResource {
  readonly apiVersion: string
  readonly kind: string
  readonly selector?: LabelSelector
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelRequirement[]
}

export interface LabelRequirement {
  readonly key: string
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist"
  readonly values?: readonly string[]
}

export interface Adapter {
  readonly pid: number
  readonly log: () => string
  readonly ended: () => string | undefined
  readonly stop: () => Promise<void>
  /** Down and up again: what changes in between is never sent, as when Knative moves the adapter's pod. */
  readonly restart: () => Promise<void>
}

interface Settings extends AdapterOptions {
  readonly program: string
  readonly folder: string
  readonly kubeconfig: string
}

let count = 0

/** Resolves when its watches stand: every change made after that is sent. */
export async function startAdapterProcess(settings: Settings): Promise<Adapter> {
  const name = settings.name ?? `adapter-${++count}`
  let starts = 0
  const launch = async () => {
    const logFile = join(settings.folder, `${name}-${++starts}.log`)
    const running = start({ program: settings.program, args: [], env: environment(name, settings), logFile })
    try {
      await ready(`adapter ${name}`, running, () => watches(running) >= watchesOf(settings))
    } catch (error) {
      await running.stop()
      throw error
    }
    return running
  }
  let current = await launch()
  return {
    get pid() {
      return current.pid
    },
    log: () => current.log(),
    ended: () => current.ended(),
    stop: () => current.stop(),
    restart: async () => {
      await current.stop()
      current = await launch()
    },
  }
}

/**
 * The adapter opens two ports. Profiling is moved by PROFILING_PORT (0: any free one). Health probes are on 8080 with
 * no way to move them, but the adapter ignores the error of a port in use, so that any number of adapters run side
 * by side; the probes, which only a kubelet asks, are then those of the first. Metrics are off by default.
 */
function environment(name: string, settings: Settings): Record<string, string> {
  return {
    KUBECONFIG: settings.kubeconfig,
    SYSTEM_NAMESPACE: "knative-eventing",
    NAMESPACE: "default",
    NAME: name,
    K_SINK: settings.sink,
    K_SOURCE_CONFIG: JSON.stringify({
      namespaces: settings.namespaces ?? [""],
      allNamespaces: settings.namespaces === undefined,
      resources: settings.resources.map((resource) => ({ gvr: gvr(resource), selector: selector(resource) })),
      mode: settings.mode ?? "Resource",
    }),
    K_KLOG_VERBOSITY: "2", // For the line that `watches` counts.
    PROFILING_PORT: "0",
    ...settings.env,
  }
}

/**
 * Each reflector of client-go says "Caches populated" once it has listed; its watch begins at the resource version of
 * that list, so that nothing that comes later is missed. The adapter's own informers have other reflector names.
 */
function watches(running: Running): number {
  return running.log().match(/"Caches populated".*reflector="[^"]*Resource=/g)?.length ?? 0
}

function watchesOf({ resources, namespaces }: AdapterOptions): number {
  return resources.length * (namespaces?.length ?? 1)
}

/** Knative guesses the plural, so the guess is repeated here as it is there. */
function gvr({ apiVersion, kind }: WatchedResource): { Group: string; Version: string; Resource: string } {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion]
  const singular = kind.toLowerCase()
  const plural = singular.endsWith("s") ? `${singular}es` : singular.replace(/y$/, "ie").concat("s")
  return { Group: group ?? "", Version: version ?? "", Resource: plural }
}

/** The one-line form that the API server takes. */
function selector({ selector = {} }: WatchedResource): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === "Exists") return key
    if (operator === "DoesNotExist") return `!${key}`
    return `${key} ${operator.toLowerCase()} (${values.join(",")})`
  })
  return [...labels, ...expressions].join(",")
}
