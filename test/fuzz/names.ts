// `npm run fuzz:names -- --pairs N`: computes the names of N pairs of run and stage attempt, and looks for an invalid one
// and for two whose hashes are equal. Keeps sixteen bytes a pair, nothing else.

import { parseArgs } from "node:util"
import { countRepeated, hashIn, invalidNames, jobNameOf, startedName, triple } from "./name-pairs.ts"

const { values } = parseArgs({ options: { pairs: { type: "string", default: "1000000" } } })
const pairs = Number(values.pairs)
/** Beyond that it would take gigabytes. */
const most = 100_000_000
if (!Number.isInteger(pairs) || pairs < 1 || pairs > most) {
  console.error(`--pairs must be a number from 1 to ${most}`)
  process.exit(2)
}

const jobs = new BigUint64Array(pairs)
const started = new BigUint64Array(pairs)
const begin = Date.now()
for (let n = 0; n < pairs; n++) {
  const one = triple(n)
  const invalid = invalidNames(one)
  if (invalid.length > 0) {
    console.error(`pair ${n} has an invalid ${invalid.join(", ")}: ${JSON.stringify(one)}`)
    process.exit(1)
  }
  jobs[n] = hashIn(jobNameOf(one))
  started[n] = hashIn(startedName(one))
  if ((n + 1) % 1_000_000 === 0) console.log(`${n + 1} pairs, ${seconds()} s`)
}
// n² / 2 pairs of names, each of which is equal once in 2^64.
const expected = pairs ** 2 / 2 / 2 ** 64
const collisions = { jobName: countRepeated(jobs), executionName: countRepeated(started) }
console.log(`${pairs} pairs in ${seconds()} s, all valid; collisions of the 64-bit hash:`, collisions)
console.log(`expected by chance: ${expected.toExponential(1)} of each`)
process.exitCode = collisions.jobName + collisions.executionName > 0 ? 1 : 0

function seconds(): string {
  return ((Date.now() - begin) / 1000).toFixed(0)
}
