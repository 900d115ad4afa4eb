// Metrics, as Prometheus would read them.

// @ts-expect-error: it brings no types.
import parseText from "parse-prometheus-text-format"

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: "COUNTER" | "GAUGE" | "HISTOGRAM" | "SUMMARY" | "UNTYPED"
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>
    readonly value?: string
    readonly count?: string
    readonly sum?: string
    readonly buckets?: Readonly<Record<string, string>>
  }[]
}

/** Fails for text that is not in Prometheus' format. */
export const parseMetrics = (text: string): readonly Family[] => parseText(text)

/** The counts of a family by its labels, such as `{ "Job done": 3 }`. */
export function counts(families: readonly Family[], name: string): Readonly<Record<string, number>> {
  const metrics = families.find((family) => family.name === name)?.metrics ?? []
  return Object.fromEntries(
    metrics.map(({ labels = {}, value }) => [Object.values(labels).join(" "), Number(value)] as const),
  )
}
