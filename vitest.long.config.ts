import { defineConfig } from "vitest/config"
import { longSuites } from "./vitest.long.ts"

export default defineConfig({
  test: {
    include: longSuites,
    globalSetup: ["test/build.ts", "test/control-plane/setup.ts"],
    testTimeout: 60_000,
  },
})
