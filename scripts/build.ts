// npm run build: the server and the CLI, bundled into dist/, each with its bill of materials and the licences of what it
// holds.

import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin } from "esbuild"
import packageJson from "../package.json" with { type: "json" }
import { notices } from "./notices.ts"
import { sbom } from "./sbom.ts"
import { readLock, root, shippedIn } from "./shipped.ts"

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

/** In the launcher, the CLI is another file, which is not read before the launcher asks for it. */
const mainBesideLauncher: Plugin = {
  name: "main-beside-launcher",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: "./peanut-main.js", external: true })),
}

/**
 * The server in parts, as what a pod never uses (kubeconfig files), or seldom (CEL, metrics, lifecycle events), would
 * be read and compiled in every cold start; the CLI in one file, behind a launcher.
 */
export async function bundle() {
  const server = { ...common, entryPoints: { server: "src/main.ts" }, metafile: true } as const
  const main = { ...common, entryPoints: { "peanut-main": "src/cli/main.ts" }, metafile: true } as const
  const launcher = {
    ...common,
    entryPoints: { peanut: "src/cli/launch.ts" },
    // Node.js 12 has it, but for its first minor versions.
    target: "node12",
    supported: { "dynamic-import": true },
    plugins: [mainBesideLauncher],
    banner: { js: "#!/usr/bin/env node" },
  } satisfies BuildOptions
  const [ofServer, ofLauncher, ofMain] = await Promise.all([
    build({ ...server, splitting: true, chunkNames: `${partsFolder}/[name]-[hash]` }),
    build(launcher),
    build(main),
  ])
  const files: readonly Written[] = [
    ...ofServer.outputFiles,
    ...ofLauncher.outputFiles,
    ...ofMain.outputFiles,
    ...papers("server", "the controller of Peanut", ofServer),
    ...papers("peanut", "the command line of Peanut", ofMain),
  ]
  return { files: files.filter(({ path }) => !path.endsWith(legal)), metafile: ofServer.metafile }
}

interface Written {
  readonly path: string
  readonly contents: Uint8Array | string
}

/** What esbuild names the file of licence comments that it took out of a bundle; THIRD-PARTY-NOTICES has them. */
const legal = ".LEGAL.txt"

/** What goes with a bundle: its bill of materials, and its licences. */
function papers(
  name: string,
  description: string,
  { metafile, outputFiles }: { readonly metafile: Metafile; readonly outputFiles: readonly OutputFile[] },
): readonly Written[] {
  const shipped = shippedIn(metafile, readLock())
  const comments = outputFiles
    .filter(({ path }) => path.endsWith(legal))
    // The first line is esbuild's own.
    .flatMap(({ text }) => text.split("\n\n").slice(1))
    .map((comment) => comment.trim())
  const { version, license } = packageJson
  const subject = { name: packageJson.name, version, license, description }
  const file = (ending: string, contents: string) => ({ path: join(root, "dist", `${name}.${ending}`), contents })
  return [
    file("cdx.json", sbom(subject, shipped)),
    file("THIRD-PARTY-NOTICES.txt", notices(description, shipped, comments)),
  ]
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
    if (basename(path) === "peanut.js") chmodSync(`${path}.new`, 0o755)
    renameSync(`${path}.new`, path)
  }
  const current = new Set(files.map(({ path }) => path))
  for (const folder of [join(root, "dist"), join(root, "dist", partsFolder)]) {
    for (const { name, parentPath } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())) {
      if (!current.has(join(parentPath, name))) rmSync(join(parentPath, name), { force: true })
    }
  }
}

if (import.meta.main) await write()
