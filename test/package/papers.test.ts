// The bill of materials and the licences that go with each bundle: of what it holds, no more and no less.

import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import packageJson from "../../package.json" with { type: "json" }
import { bundle } from "../../scripts/build.ts"
import { notices } from "../../scripts/notices.ts"
import { sbom } from "../../scripts/sbom.ts"
import { readLock, root, type Shipped, shippedIn } from "../../scripts/shipped.ts"

interface Component {
  readonly "bom-ref": string
  readonly group?: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses: readonly object[]
  readonly hashes: readonly { readonly alg: string; readonly content: string }[]
}

const read = (file: string) => readFileSync(join(root, "dist", file), "utf8")
const billOf = (name: string) => JSON.parse(read(`${name}.cdx.json`))
const fullName = ({ group, name }: Component) => (group === undefined ? name : `${group}/${name}`)
const imported = { server: ["effect", "hono", "zod", "cloudevents"], peanut: ["effect", "yaml", "log-update", "zod"] }
/** Installed, and in no bundle: its own tools, and what a bundler left out of a package. */
const left = ["esbuild", "vitest", "redis", "typescript"]

describe.each(["server", "peanut"] as const)("of dist/%s.js", (name) => {
  const bill = billOf(name)
  const components: readonly Component[] = bill.components
  const lock = readLock()

  it("the bill is one of CycloneDX, of this version", () => {
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 })
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(bill.metadata.component).toMatchObject({ version: packageJson.version, type: "application" })
    expect(bill.metadata).not.toHaveProperty("timestamp")
  })

  it("the bill lists what the bundle holds, and nothing that is only installed", () => {
    const names = components.map(fullName)
    expect(names).toEqual(expect.arrayContaining(imported[name]))
    expect(names.filter((one) => left.includes(one))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })

  it("the bill has the version and the hash of each package that package-lock.json has", () => {
    for (const component of components) {
      const entry = lock.packages[`node_modules/${fullName(component)}`]
      const [hash] = component.hashes
      expect({ version: component.version, hash }).toEqual({
        version: entry?.version,
        hash: { alg: "SHA-512", content: Buffer.from(entry?.integrity?.slice(7) ?? "", "base64").toString("hex") },
      })
      expect(component.licenses).toEqual([{ license: { id: entry?.license } }])
    }
  })

  it("the bill refers to nothing that it does not list", () => {
    const references = new Set([bill.metadata.component["bom-ref"], ...components.map((one) => one["bom-ref"])])
    const dependencies: readonly { ref: string; dependsOn: readonly string[] }[] = bill.dependencies
    expect(dependencies.map(({ ref }) => ref).toSorted()).toEqual([...references].toSorted())
    expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !references.has(ref))).toEqual([])
  })

  it("the notices have a licence text for each, with who holds the copyright", () => {
    const text = read(`${name}.THIRD-PARTY-NOTICES.txt`)
    const sections = text.split(/^-{80}\n(.+)\n-{80}\n/m)
    for (const component of components) {
      const heading = `${fullName(component)} ${component.version}`
      const section = sections[sections.indexOf(heading) + 1] ?? ""
      expect(section.length, heading).toBeGreaterThan(500)
      expect(section, heading).toMatch(/copyright/i)
    }
    expect(text).not.toContain("\r")
  })
})

it("a build writes the same bytes again, and nothing of where or when it was", async () => {
  const { files } = await bundle()
  const papers = files.filter(({ path }) => /\.(txt|json)$/.test(path))
  expect(papers).toHaveLength(4)
  for (const { path, contents } of papers) {
    expect(contents).toBe(readFileSync(path, "utf8"))
    expect(contents).not.toContain(root)
  }
})

describe("a package", () => {
  const inputs = (path: string, bytesInOutput = 1) => ({
    outputs: { "dist/a.js": { inputs: { [path]: { bytesInOutput } }, bytes: 1, imports: [], exports: [] } },
  })
  const entry = { version: "1.0.0", license: "MIT", integrity: "sha512-AAAA" }
  const lockOf = (folder: string, fields: object) => ({ packages: { [folder]: { ...entry, ...fields } } })

  it("is found by its folder, in a scope and below another package too", () => {
    const folder = "node_modules/a/node_modules/@b/c"
    expect(shippedIn(inputs(`${folder}/lib/index.js`), lockOf(folder, {}))).toMatchObject([{ name: "@b/c", folder }])
  })

  it("is found where node_modules is a link to another place", () => {
    const folder = "node_modules/a"
    expect(shippedIn(inputs(`../../elsewhere/${folder}/index.js`), lockOf(folder, {}))).toMatchObject([{ folder }])
  })

  it("of which nothing was taken is not shipped, nor are files of ours", () => {
    expect(shippedIn(inputs("node_modules/a/index.js", 0), { packages: {} })).toEqual([])
    expect(shippedIn(inputs("src/main.ts"), { packages: {} })).toEqual([])
  })

  it.each(["integrity", "license", "version"])("without %s in the lock stops the build", (field) => {
    const lock = lockOf("node_modules/a", { [field]: undefined })
    expect(() => shippedIn(inputs("node_modules/a/index.js"), lock)).toThrow("node_modules/a")
  })

  const shipped = (fields: Partial<Shipped>): Shipped => ({
    ...{ name: "zod", folder: "node_modules/zod", dependencies: [], ...entry },
    ...fields,
  })

  it("under a licence that nobody has looked at stops the build", () => {
    expect(() => notices("x", [shipped({ license: "GPL-3.0-only" })], [])).toThrow("zod is under GPL-3.0-only")
    expect(() => notices("x", [shipped({ license: "MIT OR GPL-2.0" })], [])).toThrow("zod")
  })

  it("without a licence text stops the build", () => {
    expect(() => notices("x", [shipped({ folder: "src" })], [])).toThrow("zod has no file with its licence")
  })

  it("with another hash than SHA-512 stops the build", () => {
    const subject = { name: "x", version: "1", license: "MIT", description: "" }
    expect(() => sbom(subject, [shipped({ integrity: "sha1-abc=" })])).toThrow("the integrity of zod is no SHA-512")
  })
})

it("npm sbom agrees about each package that it knows, too", () => {
  const bill = JSON.parse(
    execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1e8,
    }),
  )
  const theirs = new Map((bill.components as readonly Component[]).map(({ purl, hashes }) => [purl, hashes]))
  for (const name of ["server", "peanut"]) {
    for (const { purl, hashes } of billOf(name).components as readonly Component[]) {
      expect(theirs.get(purl), purl).toEqual(hashes)
    }
  }
})
