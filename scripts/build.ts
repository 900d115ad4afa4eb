// npm run build: the server and the CLI, each bundled into one file in dist/.

import { chmodSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = fileURLToPath(new URL("..", import.meta.url))
rmSync(`${root}dist`, { recursive: true, force: true })

await build({
  absWorkingDir: root,
  entryPoints: { server: "src/main.ts", peanut: "src/cli/main.ts" },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node22",
  format: "esm",
  minifySyntax: true,
  legalComments: "linked",
  logLevel: "warning",
  metafile: true,
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);",
  },
})
chmodSync(`${root}dist/peanut.js`, 0o755)
