// The simulation over a product with one deliberate bug: the source is changed while it is bundled, and the bundle, in a
// folder that is thrown away, is loaded beside the real thing.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build } from "esbuild"
import type { Mutant } from "./mutants.ts"
import type * as search from "./search.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
// In the project, so that the bundle finds the packages, which stay outside it.
const folder = join(root, "node_modules", ".simulation")
let count = 0

/** What `search.ts` exports, over the source with this bug. A bug that no longer fits the source is an error. */
export async function searchOf(mutant: Mutant): Promise<typeof search> {
  let isApplied = false
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["test/simulation/search.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    write: false,
    plugins: [
      {
        name: "mutant",
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            if (relative(root, path) !== mutant.file) return undefined
            isApplied = true
            return { contents: mutated(readFileSync(path, "utf8"), mutant), loader: "ts" }
          }),
      },
    ],
  })
  if (!isApplied) throw new Error(`${mutant.file} is not part of the simulation`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `mutant-${process.pid}-${++count}.mjs`)
  writeFileSync(file, outputFiles[0]!.contents)
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as typeof search
  } finally {
    rmSync(file)
  }
}

function mutated(text: string, { file, find, replace, what }: Mutant): string {
  const parts = text.split(find)
  if (parts.length === 2) return parts.join(replace)
  const found = parts.length === 1 ? "does not have" : `has ${parts.length - 1} times`
  throw new Error(`the mutant "${what}" must be brought up to date: ${file} ${found}\n${find}`)
}
