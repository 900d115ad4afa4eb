// npm run simulate -- --seed S --runs N: any number of cases, each with a seed of its own, from S on. The first that breaks
// an invariant is made as short as can be and told in words.

import { parseArgs } from "node:util"
import { search, tell } from "./search.ts"

const { values } = parseArgs({
  options: { seed: { type: "string" }, runs: { type: "string" }, show: { type: "boolean" } },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
const runs = Number(values.runs ?? 10_000)
if (!Number.isInteger(seed) || !Number.isInteger(runs)) {
  console.error("usage: npm run simulate -- [--seed S] [--runs N] [--show]")
  process.exit(2)
}
const isTerminal = process.stdout.isTTY
const startMillis = Date.now()
const { broken, cases, struck } = search(seed, runs, (done) => {
  if (done % 1000 !== 0 && done !== runs) return
  const perSecond = Math.round((done * 1000) / (Date.now() - startMillis))
  process.stdout.write(
    `${isTerminal ? "\r" : ""}${done} of ${runs} cases, ${perSecond} a second${isTerminal ? "" : "\n"}`,
  )
})
if (isTerminal) console.log()
if (values.show) for (const [name, count] of struck) console.log(`${String(count).padStart(8)} ${name}`)
if (broken === undefined) console.log(`seed ${seed}: ${cases} cases, no invariant broken`)
else {
  console.log(tell(broken))
  process.exitCode = 1
}
