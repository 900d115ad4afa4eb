import { defineConfig } from "vitest/config"
import { longSuites } from "./vitest.long.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**", ...longSuites],
    globalSetup: ["test/build.ts", "test/control-plane/setup.ts"],
    testTimeout: 20_000,
  },
})
