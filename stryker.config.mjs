// Mutation testing of the pure core: what it means and what counts is in docs/mutation.md.

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  mutate: ["src/execution/**/*.ts", "src/resources/**/*.ts", "src/graph/order.ts", "src/words/nearest-name.ts"],
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  concurrency: 2,
  // Only what never ends is timed out: a busy machine must not count as a judge.
  timeoutMS: 20_000,
  // With --incremental, only what changed since the last run is measured.
  incrementalFile: ".cache/mutation/incremental.json",
  // The sandbox takes what the suites need and no more. Above all no tsconfig.json: Stryker would rewrite it with an
  // API that TypeScript 7 does not have, and nothing here reads it.
  ignorePatterns: ["**", "!package.json", "!vitest.mutation.config.ts", "!src/**", "!test/**", "!docs/interplay.md"],
  tempDirName: ".cache/mutation/sandbox",
  reporters: ["clear-text", "json"],
  clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false, logTests: false },
  jsonReporter: { fileName: ".cache/mutation/report.json" },
  thresholds: { high: 95, low: 90, break: 90 },
}
