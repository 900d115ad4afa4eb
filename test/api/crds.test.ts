import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { customResourceDefinition, definitions } from "../../src/api/crds.ts"

const folder = new URL("../../crds/", import.meta.url)
const onDisk = (plural: string) => parse(readFileSync(new URL(`${plural}.yaml`, folder), "utf8")) as unknown

type Node = Readonly<Record<string, unknown>>
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value)

/** Every schema below this one, by its path. */
function* nodes(schema: Node, path: string): Generator<{ readonly path: string; readonly node: Node }> {
  yield { path, node: schema }
  for (const [name, child] of Object.entries((schema.properties ?? {}) as Record<string, Node>)) {
    yield* nodes(child, `${path}.${name}`)
  }
  if (isNode(schema.items)) yield* nodes(schema.items, `${path}[]`)
  if (isNode(schema.additionalProperties)) yield* nodes(schema.additionalProperties, `${path}.*`)
}

describe.each(definitions.map((definition) => ({ plural: definition.plural, definition })))(
  "$plural",
  ({ plural, definition }) => {
    const crd = customResourceDefinition(definition)
    const version = crd.spec.versions[0]!
    const schema = [...nodes(version.schema.openAPIV3Schema as Node, definition.kind)]

    it("is on disk as the schemas say; `npm run generate` writes it", () => {
      expect(onDisk(plural)).toEqual(JSON.parse(JSON.stringify(crd)))
    })

    // https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
    it("gives every field a type, or says that it is an integer or a string", () => {
      const untyped = schema.filter(
        ({ node }) => (node.type === undefined) === (node["x-kubernetes-int-or-string"] !== true),
      )
      expect(untyped.map(({ path }) => path)).toEqual([])
    })

    it("uses no keyword that structural schemas do not know", () => {
      const known = new Set([
        "type",
        "description",
        "format",
        "enum",
        "default",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
      ])
      const strange = schema.flatMap(({ path, node }) =>
        Object.keys(node).flatMap((key) => (known.has(key) ? [] : [`${path}: ${key}`])),
      )
      expect(strange).toEqual([])
    })

    it("names either fields or a type for all fields, not both", () => {
      const both = schema.filter(({ node }) => node.properties !== undefined && node.additionalProperties !== undefined)
      expect(both.map(({ path }) => path)).toEqual([])
    })

    it("requires only fields that it has", () => {
      const missing = schema.flatMap(({ path, node }) =>
        ((node.required ?? []) as string[])
          .filter((field) => !(field in ((node.properties ?? {}) as Node)))
          .map((field) => `${path}.${field}`),
      )
      expect(missing).toEqual([])
    })

    it("requires the keys of every list that is a map", () => {
      for (const { path, node } of schema) {
        if (node["x-kubernetes-list-type"] !== "map") continue
        const items = node.items as Node
        expect({ path, required: items.required }).toEqual({
          path,
          required: expect.arrayContaining(node["x-kubernetes-list-map-keys"] as string[]),
        })
      }
    })

    it("keeps numbers within what JSON of the API server can say", () => {
      const beyond = schema.filter(({ node }) =>
        [node.minimum, node.maximum].some((limit) => Math.abs(Number(limit ?? 0)) > 2 ** 32),
      )
      expect(beyond.map(({ path }) => path)).toEqual([])
    })

    it("shows columns of fields that it has", () => {
      const paths = new Set(schema.map(({ path }) => path.slice(definition.kind.length)))
      for (const { name, jsonPath } of version.additionalPrinterColumns) {
        const field = jsonPath.replace(/\[\?\(.*\)\]/, "[]")
        expect({ name, isThere: paths.has(field) || field === ".metadata.creationTimestamp" }).toEqual({
          name,
          isThere: true,
        })
      }
    })

    it("belongs to the category peanut and has a short name", () => {
      expect(crd.spec.names).toMatchObject({
        categories: ["peanut"],
        shortNames: [expect.stringMatching(/^p[a-z]{2}$/)],
      })
      expect(crd.metadata.name).toBe(`${plural}.pipeline.peanut.dev`)
    })
  },
)

describe("crds/", () => {
  it("holds a file for each kind and none besides", () => {
    const files = readdirSync(folder).filter((file) => file !== "kustomization.yaml")
    expect(files.sort()).toEqual(definitions.map(({ plural }) => `${plural}.yaml`).sort())
  })

  it("gives pipelines and executions a status of their own, stages none", () => {
    const withStatus = definitions.filter(
      (definition) => "subresources" in customResourceDefinition(definition).spec.versions[0]!,
    )
    expect(withStatus.map(({ kind }) => kind)).toEqual(["PeanutPipeline", "PeanutPipelineExecution"])
  })

  it("keeps the snapshot opaque, and a pod's spec open", () => {
    const schemaOf = (kind: string) =>
      new Map(
        [
          ...nodes(
            customResourceDefinition(definitions.find((d) => d.kind === kind)!).spec.versions[0]!.schema
              .openAPIV3Schema as Node,
            "",
          ),
        ].map(({ path, node }) => [path, node]),
      )
    const snapshot = schemaOf("PeanutPipelineExecution").get(".status.snapshot")
    expect(snapshot).toMatchObject({ type: "object", "x-kubernetes-preserve-unknown-fields": true })
    expect(snapshot).not.toHaveProperty("properties")
    const pod = schemaOf("PeanutStage").get(".spec.jobTemplate.spec.template.spec")
    expect(pod).toMatchObject({ type: "object", "x-kubernetes-preserve-unknown-fields": true })
  })
})
