import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**"],
    globalSetup: ["test/build.ts", "test/control-plane/setup.ts"],
    testTimeout: 20_000,
  },
})
