// npm run build: the server and the CLI, each bundled into one file in dist/.

import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = fileURLToPath(new URL("..", import.meta.url))
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: { server: "src/main.ts", peanut: "src/cli/main.ts" },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node22",
  format: "esm",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  logLevel: "warning",
  write: false,
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);",
  },
})
// Each file is replaced at once: a program that starts meanwhile finds the old one or the new one, never half of it.
mkdirSync(`${root}dist`, { recursive: true })
for (const { path, contents } of outputFiles) {
  writeFileSync(`${path}.new`, contents)
  if (path.endsWith("peanut.js")) chmodSync(`${path}.new`, 0o755)
  renameSync(`${path}.new`, path)
}
