// Counters of Peanut's /metrics and of the API server's, in the text format of Prometheus.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export class Metrics {
  readonly samples: readonly Sample[]
  constructor(samples: readonly Sample[]) {
    this.samples = samples
  }

  static parse(text: string): Metrics {
    return new Metrics(
      text.split("\n").flatMap((line) => {
        const [, name, labels = "", value] = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
        return name === undefined ? [] : [{ name, labels: labelsOf(labels), value: Number(value) }]
      }),
    )
  }

  has(name: string): boolean {
    return this.samples.some((sample) => sample.name === name)
  }

  /** Of all samples of that name whose labels are among those given. */
  total(name: string, labels: Readonly<Record<string, string | readonly string[]>> = {}): number {
    const isOne = (sample: Sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, value]) => [value].flat().includes(sample.labels[key] ?? ""))
    return this.samples.filter(isOne).reduce((total, { value }) => total + value, 0)
  }

  /** What was counted since then. */
  since(before: Metrics): Metrics {
    const key = ({ name, labels }: Sample) => `${name} ${JSON.stringify(labels)}`
    const earlier = new Map(before.samples.map((sample) => [key(sample), sample.value]))
    return new Metrics(
      this.samples.map((sample) => ({ ...sample, value: sample.value - (earlier.get(key(sample)) ?? 0) })),
    )
  }
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]),
  )
}
