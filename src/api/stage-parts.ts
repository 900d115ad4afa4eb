// The parts of a stage that Peanut itself reads. Its `jobTemplate` is partly free-form: an API server stores there what
// no Job can have. Everything that looks into a stage looks at what is read here.

import type { Container } from "./job.ts"
import { type Mistake, readParts, type Shape } from "./parts.ts"
import { type StageSpec, stageContainerName } from "./stage.ts"

export interface StageParts {
  /** The stage without what is null or of a wrong type; what Peanut does not read is in it as it was written. */
  readonly spec: StageSpec
  /** The container of the template that is the stage's own. */
  readonly own: Container | undefined
  /** The containers beside it, without those that initialise. */
  readonly helpers: readonly Container[]
  readonly initContainers: readonly Container[]
  /** What is of a wrong type; a stage with such a part is not run. */
  readonly mistakes: readonly Mistake[]
}

/** The parts of a stage; takes whatever stands in the place of a spec, and never throws. */
export function readStage(spec: StageSpec): StageParts {
  const known = alreadyRead.get(spec)
  if (known !== undefined) return known
  const { value, mistakes } = readParts(spec, stage)
  const read = (value ?? {}) as StageSpec
  const pod = read.jobTemplate?.spec?.template?.spec
  const containers = (pod?.containers ?? []) as readonly Container[]
  const own = containers.find(({ name }) => name === stageContainerName)
  const helpers = containers.filter((container) => container !== own)
  const initContainers = (pod?.initContainers ?? []) as readonly Container[]
  const parts = { spec: read, own, helpers, initContainers, mistakes }
  if (typeof spec === "object" && spec !== null) alreadyRead.set(spec, parts)
  return parts
}

/** A pipeline may name one stage a thousand times. */
const alreadyRead = new WeakMap<object, StageParts>()

const text: Shape = { is: "text" }
const number: Shape = { is: "number" }
const texts: Shape = { list: text }
const metadata: Shape = { fields: { labels: { values: text }, annotations: { values: text } } }

const env: Shape = {
  list: { fields: { name: text, value: text, valueFrom: { is: "map" } }, needed: ["name"] },
}

/** What a container says that the short forms of a stage can say too. */
const program = {
  image: text,
  command: texts,
  args: texts,
  env,
  envFrom: { is: "list" },
  resources: { is: "map" },
} satisfies Readonly<Record<string, Shape>>

const containers: Shape = { list: { fields: { ...program, name: text, terminationMessagePath: text } } }

const jobSpec: Shape = {
  fields: {
    parallelism: number,
    completions: number,
    completionMode: text,
    backoffLimit: number,
    backoffLimitPerIndex: number,
    activeDeadlineSeconds: number,
    podFailurePolicy: { is: "map" },
    template: {
      fields: { metadata, spec: { fields: { containers, initContainers: containers, restartPolicy: text } } },
    },
  },
}

const stage: Shape = {
  fields: {
    ...program,
    params: { list: { fields: { name: text, default: text }, needed: ["name"] } },
    timeout: text,
    retries: number,
    jobTemplate: { fields: { metadata, spec: jobSpec } },
  },
}
