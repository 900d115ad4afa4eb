// When a schedule of a pipeline starts runs: the mistakes in cron and timeZone, told before Knative is asked. What is
// taken here is what Knative's PingSource takes, without seconds: five fields, or a name such as @daily.

import type { PipelineSchedule } from "../api/pipeline.ts"
import { didYouMean } from "../words/nearest-name.ts"

/** What is wrong with when a schedule starts runs, if anything is. */
export function findTimeProblem({ cron, timeZone }: Pick<PipelineSchedule, "cron" | "timeZone">): string | undefined {
  return findCronProblem(cron) ?? (timeZone === undefined ? undefined : findZoneProblem(timeZone))
}

const names = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]

interface Field {
  readonly what: string
  readonly min: number
  readonly max: number
  /** What can be written instead of numbers, the least first. */
  readonly words?: readonly string[]
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
const fields: readonly Field[] = [
  { what: "minute", min: 0, max: 59 },
  { what: "hour", min: 0, max: 23 },
  { what: "day of the month", min: 1, max: 31 },
  { what: "month", min: 1, max: 12, words: months },
  // Some crons take 7 for Sunday, too; Knative's does not.
  { what: "day of the week", min: 0, max: 6, words: days },
]

function findCronProblem(cron: string): string | undefined {
  const text = cron.trim()
  const says = `cron "${cron}"`
  if (text.startsWith("@")) {
    if (names.includes(text)) return undefined
    return `${says} is not a name that cron has${didYouMean(text, names)}${text.startsWith("@every") ? '; every ten minutes is "*/10 * * * *"' : ""}`
  }
  if (/^(CRON_)?TZ=/.test(text)) return `${says} names a time zone; write it into timeZone`
  const parts = text === "" ? [] : text.split(/\s+/)
  if (parts.length !== fields.length) {
    return `${says} has ${parts.length} ${parts.length === 1 ? "field" : "fields"}, not five: minute, hour, day of the month, month, day of the week`
  }
  for (const [i, part] of parts.entries()) {
    const problem = findFieldProblem(part, fields[i]!)
    if (problem !== undefined) return `${says}: ${problem}`
  }
  return undefined
}

/** A field is a list of ranges, each perhaps with a step. */
function findFieldProblem(text: string, field: Field): string | undefined {
  for (const item of text.split(",")) {
    const [range, step, ...more] = item.split("/") as [string, ...string[]]
    const isStep = step === undefined || (/^\d{1,4}$/.test(step) && Number(step) > 0)
    if (more.length > 0 || !isStep) return `${field.what} "${item}" must have a step above 0 behind its one "/"`
    if (range === "*" || range === "?") continue
    const [from, to, ...others] = range.split("-").map((bound) => numberOf(bound, field))
    const isRange = from !== undefined && others.length === 0 && (to !== undefined || !range.includes("-"))
    if (!isRange) return `${field.what} "${item}" must be ${inWords(field)}, or a range of these`
    if ((to ?? from) < from) return `${field.what} "${item}" ends before it begins`
  }
  return undefined
}

function numberOf(text: string, { min, max, words = [] }: Field): number | undefined {
  const word = words.indexOf(text.toLowerCase())
  if (word >= 0) return min + word
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : undefined
}

const inWords = ({ min, max, words }: Field) =>
  `*, a number from ${min} to ${max}${words === undefined ? "" : ` or a name from ${words[0]} to ${words.at(-1)}`}`

function findZoneProblem(zone: string): string | undefined {
  const says = `timeZone "${zone}" is not known; write one as Europe/Berlin or UTC`
  const known = knownZone(zone)
  // Where Knative looks them up, they are names of files, in which case matters; an offset such as +01:00 is none.
  if (known === undefined || /^[+-]/.test(zone)) return says
  const isMisspelt = known !== zone && known.toLowerCase() === zone.toLowerCase()
  return isMisspelt ? `timeZone "${zone}" is not known; did you mean "${known}"?` : undefined
}

function knownZone(zone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}
