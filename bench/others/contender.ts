// Who is measured. Each makes the same graphs in its own words, in a namespace of its own.

import type { Api, ApiObject } from "../api.ts"
import type { Cluster } from "./cluster.ts"
import type { Graph } from "./graph.ts"

export interface Place {
  readonly api: Api
  readonly cluster: Cluster
  readonly namespace: string
}

export interface Contender {
  readonly name: string
  /** A part of names of objects. */
  readonly slug: string
  /** Once, before all: installs what it needs, and says what it is. What keeps it from being measured is what it throws. */
  readonly prepare: (place: Place) => Promise<string>
  /** Before each run, and not measured. */
  readonly before?: (place: Place) => Promise<void>
  /** Starts a run; the clock runs from just before this call. */
  readonly begin: (place: Place, run: string, graph: Graph) => Promise<void>
  /** The path of the kind, and the name, of the object whose end is the end of the run. */
  readonly ending: (place: Place, run: string, graph: Graph) => { readonly path: string; readonly name: string }
  readonly outcome: (object: ApiObject) => Outcome | undefined
}

export type Outcome = "Succeeded" | "Failed"

/** The outcome by a condition, as Tekton and Peanut have it. */
export function bySucceeded({ status }: ApiObject): Outcome | undefined {
  const condition = status?.conditions?.find(({ type }) => type === "Succeeded")
  if (condition?.status === "True") return "Succeeded"
  return condition?.status === "False" ? "Failed" : undefined
}
