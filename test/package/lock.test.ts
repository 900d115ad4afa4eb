// What `npm ci` installs is what was reviewed: package-lock.json has the hash of every package, and says of none where it
// is to be fetched, which is the registry's that is configured.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import packageJson from "../../package.json" with { type: "json" }
import { root } from "../../scripts/shipped.ts"

interface Entry {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock: { readonly packages: Readonly<Record<string, Entry>> } = JSON.parse(
  readFileSync(join(root, "package-lock.json"), "utf8"),
)
const entries = Object.entries(lock.packages).filter(([path]) => path !== "")
const paths = (is: (entry: Entry) => boolean) => entries.filter(([, entry]) => is(entry)).map(([path]) => path)
/** As npm writes it: the base64 of 64 bytes. */
const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/

it("has a SHA-512 for every package, also for development and for other platforms", () => {
  expect(entries.length).toBeGreaterThan(300)
  expect(paths(({ integrity = "" }) => !sha512.test(integrity))).toEqual([])
})

it("gives the same package the same hash wherever it is installed", () => {
  const hashes = new Map<string, Set<string | undefined>>()
  for (const [path, { version, integrity }] of entries) {
    const id = `${path.replace(/^.*node_modules\//, "")}@${version}`
    hashes.set(id, (hashes.get(id) ?? new Set()).add(integrity))
  }
  expect([...hashes].filter(([, those]) => those.size > 1)).toEqual([])
})

it("names no host of a registry, no link, and no package that is not from a registry", () => {
  expect(paths(({ resolved, link }) => resolved !== undefined || link === true)).toEqual([])
  const wanted = entries.flatMap(([, { dependencies, optionalDependencies }]) =>
    Object.values({ ...dependencies, ...optionalDependencies }),
  )
  expect(wanted.filter((range) => /[:/]/.test(range.replace(/^npm:/, "")))).toEqual([])
})

it("has every platform's package of those that come by platform", () => {
  const missing = entries.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isInstalled(path, name)),
  )
  expect(missing).toEqual([])
})

it("has exact versions in package.json, and the same in the lock", () => {
  for (const [name, version] of Object.entries(packageJson.devDependencies)) {
    expect({ name, version: lock.packages[`node_modules/${name}`]?.version }).toEqual({ name, version })
  }
})

/** As Node.js looks for it: in the folder of the package, then in those above. */
function isInstalled(path: string, name: string): boolean {
  if (`${path}/node_modules/${name}` in lock.packages) return true
  const [above] = /^.*(?=\/?node_modules\/)/.exec(path) ?? []
  return above === ""
    ? `node_modules/${name}` in lock.packages
    : above !== undefined && isInstalled(above.replace(/\/$/, ""), name)
}
