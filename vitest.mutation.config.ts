import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** What killed the mutant before comes first, then the quickest: the first suite that fails ends the run. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const cost = (file: TestSpecification) => {
      const last = this.ctx.cache.getTestSpecificationResult(file)
      return last === undefined || last.failed ? 0 : last.duration
    }
    return files.toSorted((a, b) => cost(a) - cost(b))
  }
}

// What judges the mutants of the pure parts: their own suites, with no build and no control plane, and one seed for
// all random tests, so that the same code always gets the same score.
export default defineConfig({
  test: {
    include: [
      "test/execution/**/*.test.ts",
      "test/resources/**/*.test.ts",
      "test/words/**/*.test.ts",
      "test/graph/order.test.ts",
    ],
    // What takes how long says nothing where every line is instrumented; and the random walks, which reach every line,
    // would judge every mutant, and take most of the time: the tables have to hold alone.
    exclude: ["**/*fuzz*", "**/*.property.test.ts", "test/execution/size.test.ts"],
    // Each mutant gets a worker of its own, and pure code leaves nothing behind in it: so the modules are loaded once a
    // mutant, and not once a test file, which took most of the time.
    isolate: false,
    sequence: { sequencer: QuickestFirst },
    setupFiles: ["test/fixed-seed.ts"],
    testTimeout: 20_000,
  },
})
