// The suites that take long: they have a script of their own, so that `npm test` stays under five minutes.

export const longSuites = [
  "test/cli/commands/errors.test.ts",
  "test/cli/commands/graph.test.ts",
  "test/cli/commands/hostile.test.ts",
  "test/cli/commands/logs.test.ts",
  "test/cli/commands/run-features.test.ts",
  "test/cli/commands/run-terminal.test.ts",
  "test/cli/commands/watch.test.ts",
  "test/control-plane/control-plane.test.ts",
  "test/integration/api-faults.test.ts",
  "test/integration/cli.test.ts",
  "test/integration/crds.test.ts",
  "test/integration/events.test.ts",
  "test/integration/fault-proxy.test.ts",
  "test/integration/features-examples.test.ts",
  "test/integration/features.test.ts",
  "test/integration/policies.test.ts",
  "test/integration/rbac.test.ts",
  "test/integration/schedules.test.ts",
  "test/server/fuzz-connections.test.ts",
  "test/simulation/mutants.test.ts",
]
