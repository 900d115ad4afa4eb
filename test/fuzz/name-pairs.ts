// Names of every kind in an order that is computed from a number: which execution, stage and attempt comes as the n-th
// is always the same, no two are alike, and none has to be kept.

import { executionName } from "../../src/resources/execution.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { executionLabel, stageLabel } from "../../src/resources/labels.ts"

/** What tells Jobs apart, and the name of the execution, which does not. */
export interface Triple {
  readonly name: string
  readonly uid: string
  readonly stage: string
  readonly attempt: number
}

/** Names of executions, as Kubernetes takes them. */
const executions = [
  "a",
  "a-b",
  "a-b-c",
  "a.b",
  "nightly",
  "1",
  "constructor",
  "x".repeat(253),
  `${"x".repeat(252)}y`,
  `${"x".repeat(48)}-${"y".repeat(100)}`,
  `${"x".repeat(199)}.${"y".repeat(53)}`,
  "a--b",
]

/** What differs between two stages of a pipeline whose names nearly look alike: `n` makes each of them another. */
const stages: readonly ((n: string) => string)[] = [
  (n) => `Stage ${n}`,
  (n) => `stage-${n}`,
  (n) => `b-${n}`,
  (n) => `c${n}`,
  (n) => n,
  (n) => ` ${n}`,
  (n) => `${n} `,
  (n) => `__proto__${n}`,
  (n) => `constructor.${n}`,
  (n) => `🥜${n}`,
  (n) => `🚀${n}`,
  (n) => `بناء ${n}`,
  (n) => `\u202E${n}\u202C`,
  (n) => `e\u0301${n}`,
  (n) => `é${n}`,
  (n) => `${"x".repeat(240)}${n}`,
  (n) => `${n}${"y".repeat(240)}`,
  (n) => n.toUpperCase().replaceAll(/\d/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit))),
  (n) => `${n}\n\u0000`,
  (n) => `\uD83E${n}`,
  (n) => n.replaceAll(/\d/g, (digit) => String.fromCharCode(0x300 + Number(digit))),
  (n) => "-".repeat(1 + (Number(n) % 200)) + n,
]

const attempts = 3

/** The `n`-th of them. */
export function triple(n: number): Triple {
  let rest = n
  const take = (many: number) => {
    const taken = rest % many
    rest = Math.floor(rest / many)
    return taken
  }
  const attempt = take(attempts)
  const stage = stages[take(stages.length)]!
  const execution = take(executions.length)
  const number = take(100)
  // UIDs that end in digits and stages that begin with them: `3-1` and `10` must not be taken for `3-11` and `0`.
  const uid = `${rest}-${execution}`
  return { name: executions[execution]!, uid, stage: stage(String(number)), attempt }
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

/** What of the names computed for a triple Kubernetes would not take. */
export function invalidNames(triple: Triple): readonly string[] {
  const { name, stage } = triple
  const started = startedName(triple)
  return [
    dnsLabel.test(jobNameOf(triple)) || "jobName",
    labelValue.test(executionLabel(name)) || "executionLabel",
    labelValue.test(stageLabel(stage)) || "stageLabel",
    (dnsSubdomain.test(started) && started.length <= 253) || "executionName",
  ].filter((problem) => problem !== true)
}

export const jobNameOf = ({ name, uid, stage, attempt }: Triple): string => jobName({ name, uid }, stage, attempt)

/** The name of an execution that an event starts: as if the execution were the pipeline, and the event this stage. */
export const startedName = ({ name, uid, stage, attempt }: Triple): string =>
  executionName(name, { source: uid, id: `${attempt}${stage}`, type: "t" })

/** The part of a name that is a hash, as a number of 64 bits. Two equal ones are a collision, even where the rest differs. */
export function hashIn(name: string): bigint {
  const digits = name.slice(-13)
  return BigInt(Number.parseInt(digits.slice(0, 7), 36)) * 2176782336n + BigInt(Number.parseInt(digits.slice(7), 36))
}

/** How many numbers of a list are there already; the list is sorted on the way. */
export function countRepeated(numbers: BigUint64Array): number {
  numbers.sort()
  let repeated = 0
  for (let i = 1; i < numbers.length; i++) if (numbers[i] === numbers[i - 1]) repeated++
  return repeated
}
