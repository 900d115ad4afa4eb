// Another project's programs and manifests, from the Go module that modules/ pins: built into a cache, put into images,
// pushed to the registry that BENCH_REGISTRY names. Nothing of it is copied into this repository.

import { execFile } from "node:child_process"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { parseAllDocuments } from "yaml"
import { build } from "../../test/control-plane/build.ts"
import { temporaryFolder } from "../../test/control-plane/processes.ts"
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
  /** Go files that are symbolic links in its repository, which Go leaves out of modules, and their texts. */
  readonly links?: Readonly<Record<string, string>>
}

/** Builds the programs, which takes minutes the first time; fails with a sentence where something is missing. */
export async function open(pin: Pin): Promise<Module> {
  const { name, module, programs, minutes } = pin
  const registry = process.env.BENCH_REGISTRY
  if (!registry) {
    throw new Error("BENCH_REGISTRY is not set: a registry, as HOST:PORT, to push to here and to pull from there")
  }
  const entries = programs.map((path) => [base(path), { module: name, package: `${module}/${path}` }])
  const set: ProgramSet = { name, modules, sources: Object.fromEntries(entries), minutes, flags: () => restored(pin) }
  const built = await build(set)
  if (!built) throw new Error("its programs are built by Go, and there is no Go on this machine")
  const { Dir: folder, Version: version } = await download(pin)
  return {
    version,
    at: (path) => join(folder, path),
    push: (image, { folder: target, ...rest }) => {
      const files = Object.fromEntries(programs.map((path) => [`${target}/${base(path)}`, join(built, base(path))]))
      return pushImage(registry, `peanut-bench/${image}`, { ...rest, files })
    },
  }
}

async function download({ name, module }: Pin): Promise<{ readonly Dir: string; readonly Version: string }> {
  const { stdout } = await run("go", ["mod", "download", "-json", module], { cwd: join(modules, name) })
  return JSON.parse(stdout)
}

/** Has a module with links built from a copy that has them again; the copy goes when this process ends. */
async function restored(pin: Pin): Promise<readonly string[]> {
  const links = Object.entries(pin.links ?? {})
  if (links.length === 0) return []
  const { path } = temporaryFolder("peanut-bench-")
  const copy = join(path, "module")
  await run("cp", ["-R", (await download(pin)).Dir, copy])
  await run("chmod", ["-R", "u+w", copy])
  for (const [link, target] of links) symlinkSync(target, join(copy, link))
  const pins = (file: string) => readFileSync(join(modules, pin.name, file), "utf8")
  writeFileSync(join(path, "go.mod"), `${pins("go.mod")}\nreplace ${pin.module} => ${copy}\n`)
  writeFileSync(join(path, "go.sum"), pins("go.sum"))
  return ["-modfile", join(path, "go.mod")]
}

export const manifestsOf = (yaml: string): readonly Manifest[] =>
  parseAllDocuments(yaml).flatMap((document) => (document.toJSON() as Manifest | null) ?? [])

export const readManifests = (files: readonly string[]) =>
  files.flatMap((file) => manifestsOf(readFileSync(file, "utf8")))

const base = (path: string) => path.slice(path.lastIndexOf("/") + 1)
