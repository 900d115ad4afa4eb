// Another project's programs and manifests, from the Go module that modules/ pins: built into a cache, put into images,
// pushed to the registry that BENCH_REGISTRY names. Nothing of it is copied into this repository.

import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { parseAllDocuments } from "yaml"
import { build } from "../../test/control-plane/build.ts"
import type { ProgramSet } from "../../test/control-plane/program-set.ts"
import type { Manifest } from "./cluster.ts"
import { type Image, pushImage } from "./image.ts"

const run = promisify(execFile)
const modules = join(import.meta.dirname, "modules")

export interface Module {
  readonly version: string
  /** Path of a file or folder of the module. */
  readonly at: (path: string) => string
  /** Pushes an image of its programs; the reference by which a cluster pulls it. */
  readonly push: (name: string, image: Omit<Image, "files"> & { readonly folder: string }) => Promise<string>
}

export interface Pin {
  /** Its folder in modules/. */
  readonly name: string
  readonly module: string
  /** Paths of main packages in the module. */
  readonly programs: readonly string[]
  readonly minutes: number
}

/** Builds the programs, which takes minutes the first time; fails with a sentence where something is missing. */
export async function open({ name, module, programs, minutes }: Pin): Promise<Module> {
  const registry = process.env.BENCH_REGISTRY
  if (!registry) {
    throw new Error("BENCH_REGISTRY is not set: a registry, as HOST:PORT, to push to here and to pull from there")
  }
  const sources = Object.fromEntries(
    programs.map((path) => [base(path), { module: name, package: `${module}/${path}` }]),
  )
  const set: ProgramSet = { name, modules, sources, minutes }
  const built = await build(set)
  if (!built) throw new Error("its programs are built by Go, and there is no Go on this machine")
  const { stdout } = await run("go", ["mod", "download", "-json", module], { cwd: join(modules, name) })
  const { Dir: folder, Version: version } = JSON.parse(stdout) as { readonly Dir: string; readonly Version: string }
  return {
    version,
    at: (path) => join(folder, path),
    push: (image, { folder: target, ...rest }) => {
      const files = Object.fromEntries(programs.map((path) => [`${target}/${base(path)}`, join(built, base(path))]))
      return pushImage(registry, `peanut-bench/${image}`, { ...rest, files })
    },
  }
}

export const manifestsOf = (yaml: string): readonly Manifest[] =>
  parseAllDocuments(yaml).flatMap((document) => (document.toJSON() as Manifest | null) ?? [])

export const readManifests = (files: readonly string[]) =>
  files.flatMap((file) => manifestsOf(readFileSync(file, "utf8")))

const base = (path: string) => path.slice(path.lastIndexOf("/") + 1)
