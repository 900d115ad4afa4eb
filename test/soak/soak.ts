// npm run soak -- --minutes 5 [--seed S]: an hour's worth of load in minutes, on the real API server with Knative's
// adapter, while servers are killed and the adapter is restarted. It ends by itself, with 1 if anything was not right.

import { parseArgs } from "node:util"
import buildBundle from "../build.ts"
import { ensurePrograms, howToGetPrograms } from "../control-plane/programs.ts"
import { play } from "./play.ts"

const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } })
const minutes = Number(values.minutes ?? 5)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error("usage: npm run soak -- [--minutes NUMBER] [--seed INTEGER]")
  process.exit(2)
}
if (!(await ensurePrograms())) {
  console.error(`skipping the soak: no Go and no complete KUBEBUILDER_ASSETS here; to run it ${howToGetPrograms}`)
  // A CI that skips it silently would be green for years without having tested anything.
  process.exit(process.env.CI === "true" ? 1 : 0)
}
buildBundle()

// Whatever hangs, it ends; the watchdog then ends every program that is still there.
const patienceMinutes = 5
setTimeout(
  () => finish([`it did not end ${patienceMinutes} minutes after its load`], 0),
  (minutes + patienceMinutes) * 60_000,
)
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.once(signal, () => process.exit(code))

console.log(`soak of ${minutes} minutes, seed ${seed}`)
const { passed, failed } = await play(minutes * 60_000, seed).catch((error: Error) => ({
  passed: [],
  failed: [`it broke off: ${error.stack}`],
}))
finish(failed, passed.length)

/** The last line is worded as that of a test runner, so that a CI can count it in. */
function finish(failed: readonly string[], passed: number): never {
  for (const line of failed) console.log(`FAILED ${line}`)
  if (failed.length > 0) console.log(`run it again: npm run soak -- --minutes ${minutes} --seed ${seed}`)
  console.log(
    ` Tests  ${failed.length > 0 ? `${failed.length} failed | ` : ""}${passed} passed (${passed + failed.length})`,
  )
  process.exit(failed.length > 0 ? 1 : 0)
}
