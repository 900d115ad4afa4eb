// npm run build: the server and the CLI, bundled into dist/.

import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type BuildOptions, build, type Metafile } from "esbuild"

const root = fileURLToPath(new URL("..", import.meta.url))

const common = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node22",
  format: "esm",
  // Names stay: they are in stack traces, and shorter ones start no faster.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  logLevel: "warning",
  write: false,
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);",
  },
} satisfies BuildOptions

/** Where the parts of the server are that it loads when something needs them. */
const partsFolder = "server-parts"

/**
 * The server in parts, as what a pod never uses (kubeconfig files), or seldom (CEL, metrics, lifecycle events), would
 * be read and compiled in every cold start; the CLI in one file, which people copy.
 */
export async function bundle() {
  const server = { ...common, entryPoints: { server: "src/main.ts" }, metafile: true } as const
  const peanut = { ...common, entryPoints: { peanut: "src/cli/main.ts" } } as const
  const results = await Promise.all([
    build({ ...server, splitting: true, chunkNames: `${partsFolder}/[name]-[hash]` }),
    build(peanut),
  ])
  const metafile: Metafile = results[0].metafile
  return { files: results.flatMap(({ outputFiles }) => outputFiles), metafile }
}

/** What the server reads before it listens, without what it loads later: how much, and which modules. */
export function atStart({ outputs }: Metafile): { readonly kilobytes: number; readonly modules: readonly string[] } {
  const files = new Set(["dist/server.js"])
  // The set grows while it is walked.
  for (const file of files) {
    for (const { path, kind, external } of outputs[file]!.imports) {
      if (kind !== "dynamic-import" && !external) files.add(path)
    }
  }
  const loaded = [...files].map((file) => outputs[file]!)
  return {
    kilobytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0) / 1000,
    modules: loaded.flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
  }
}

/** Writes all of it. */
async function write(): Promise<void> {
  const { files } = await bundle()
  // Each file is replaced at once, entries after their parts, and parts keep their contents under their names: a
  // program that starts meanwhile finds the old one or the new one, never half of it.
  for (const { path, contents } of files.toReversed()) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, contents)
    if (path.endsWith("peanut.js")) chmodSync(`${path}.new`, 0o755)
    renameSync(`${path}.new`, path)
  }
  const current = new Set(files.map(({ path }) => basename(path)))
  const parts = join(root, "dist", partsFolder)
  for (const part of readdirSync(parts)) if (!current.has(part)) rmSync(join(parts, part))
}

if (import.meta.main) await write()
