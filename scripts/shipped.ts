// Which packages a bundle holds: by what esbuild put into it, not by what is installed, which is ten times as much.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Metafile } from "esbuild"

export const root = fileURLToPath(new URL("..", import.meta.url))

/** A package of which a bundle holds at least one byte. */
export interface Shipped {
  readonly name: string
  readonly version: string
  /** As SPDX writes it. */
  readonly license: string
  /** Of the package as it was published: `sha512-`, then base64. */
  readonly integrity: string
  /** Where it is installed: `node_modules/NAME`. */
  readonly folder: string
  /** The names that its package.json depends on. */
  readonly dependencies: readonly string[]
}

interface LockEntry {
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

/** Packages that were published with others inside, which no bundler sees. */
const inside: Readonly<Record<string, readonly string[]>> = {
  "jsonpath-plus": ["jsep", "@jsep-plugin/assignment", "@jsep-plugin/regex"],
}

export const readLock = (): Lock => JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"))

/** The packages in a bundle, by name and version. Throws where package-lock.json does not say all that is needed. */
export function shippedIn({ outputs }: Pick<Metafile, "outputs">, { packages }: Lock): readonly Shipped[] {
  const bundled = Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? folderOf(path) : []))
  const folders = new Set(
    bundled.flatMap((folder) => [folder, ...(inside[nameOf(folder)] ?? []).map((name) => `node_modules/${name}`)]),
  )
  const shipped = [...folders].map((folder) => {
    const { version, license, integrity, dependencies = {} } = packages[folder] ?? {}
    if (version === undefined || license === undefined || integrity === undefined) {
      throw new Error(`package-lock.json lacks version, license or integrity of ${folder}, which the bundle holds`)
    }
    return { name: nameOf(folder), version, license, integrity, folder, dependencies: Object.keys(dependencies) }
  })
  return shipped.toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version))
}

/** `node_modules/@scope/name` of a file below it, wherever node_modules is linked to; nothing for a file of ours. */
function folderOf(path: string): readonly string[] {
  const [, folder] = /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? []
  return folder === undefined ? [] : [folder]
}

const nameOf = (folder: string) => folder.replace(/^.*node_modules\//, "")
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
