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

function mutated(text: string, mutant: Mutant): string {
  const problem = anchorProblem(text, mutant)
  if (problem !== undefined) throw new Error(problem)
  return text.split(mutant.find).join(mutant.replace)
}

/** Why this bug cannot be made in this text of its file: its anchor is not there, or not there alone. */
export function anchorProblem(text: string, { file, find, what }: Mutant): string | undefined {
  const times = text.split(find).length - 1
  if (times === 1) return undefined
  const found = times === 0 ? "does not have" : `has ${times} times`
  return `the mutant "${what}" must be brought up to date: ${file} ${found}\n${find}`
}
