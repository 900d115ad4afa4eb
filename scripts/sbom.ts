// The software bill of materials of a bundle, as CycloneDX 1.6 in JSON. `npm sbom` lists what is installed; a bundle holds
// a tenth of that, and whoever looks a vulnerability up wants to know about the bundle. The same bundle gives the same bytes.

import { createHash } from "node:crypto"
import type { Shipped } from "./shipped.ts"

/** What the bill is of. */
export interface Subject {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly description: string
}

export function sbom(subject: Subject, shipped: readonly Shipped[]): string {
  const own = purlOf(subject)
  const content = {
    metadata: {
      lifecycles: [{ phase: "build" }],
      component: { type: "application", "bom-ref": own, ...named(subject), description: subject.description },
    },
    components: shipped.map((entry) => ({
      type: "library",
      "bom-ref": purlOf(entry),
      ...named(entry),
      scope: "required",
      hashes: [{ alg: "SHA-512", content: sha512(entry) }],
    })),
    dependencies: [
      { ref: own, dependsOn: shipped.map(purlOf) },
      ...shipped.map((entry) => ({
        ref: purlOf(entry),
        dependsOn: shipped.filter(({ name }) => entry.dependencies.includes(name)).map(purlOf),
      })),
    ],
  }
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  }
  return `${JSON.stringify(bill, null, 2)}\n`
}

function named({ name, version, license }: Omit<Subject, "description">) {
  const [, group, rest = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? []
  // One identifier is an id; more are an expression.
  const licenses = /[ ()]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }]
  return { ...(group !== undefined && { group }), name: rest, version, purl: purlOf({ name, version }), licenses }
}

/** The package URL; the `@` of a scope is escaped, as its specification asks. */
function purlOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`
}

function sha512({ name, integrity }: Shipped): string {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity) ?? []
  if (base64 === undefined) throw new Error(`the integrity of ${name} is no SHA-512: ${integrity}`)
  return Buffer.from(base64, "base64").toString("hex")
}

/** A UUID of version 8 that follows from the content alone. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
