// docs/pipelines.md: its examples are valid, the mistakes that it shows are told in the words that it shows, it speaks of
// every field, and its reference is that of the schemas.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import { reference } from "../scripts/reference.ts"
import { executionSpec } from "../src/api/execution.ts"
import { pipelineSpec, pipelineStage, schedule } from "../src/api/pipeline.ts"
import { stageSpec } from "../src/api/stage.ts"
import { folder, peanut, root, yaml } from "./cli/run-peanut.ts"

const read = (path: string) => readFileSync(join(root, path), "utf8")
const document = read("docs/pipelines.md")
const [taught = ""] = document.split("\n## Reference\n")

const fence = /^```(?<kind>yaml|yaml mistake)\n(?<block>[\s\S]*?)^```\n(?:\n```text\n(?<says>[\s\S]*?)```)?/gm
const examples = [...document.matchAll(fence)].map(({ groups = {} }, index) => ({
  file: `${index}.yaml`,
  objects: parseAllDocuments(groups.block!).map((it) => complete(it.toJS(), `example-${index}`)),
  says: groups.kind === "yaml mistake" ? [groups.says?.trim()] : [],
}))

/** What the examples leave out; each is in a namespace of its own. */
function complete(object: { readonly metadata?: object }, namespace: string): object {
  const apiVersion = "pipeline.peanut.dev/v1alpha1"
  return { apiVersion, ...object, metadata: { name: "example", ...object.metadata, namespace } }
}

describe("docs/pipelines.md", () => {
  it("has examples without mistakes, and mistakes that are told as it says", async () => {
    expect(examples.length).toBeGreaterThan(20)
    expect(examples.filter(({ says }) => says.length > 0).length).toBeGreaterThan(2)
    const files = folder(Object.fromEntries(examples.map(({ file, objects }) => [file, yaml(objects)])))
    const { stdout } = await peanut(["validate", files, "--allow-missing", "-o", "json"]).ended
    const found = JSON.parse(stdout) as readonly { readonly file: string; readonly message: string }[]
    const told = examples.map(({ file, objects }) => ({
      objects,
      says: found.filter((mistake) => mistake.file === join(files, file)).map(({ message }) => message),
    }))
    expect(told).toEqual(examples.map(({ objects, says }) => ({ objects, says })))
    expect(found).toHaveLength(examples.flatMap(({ says }) => says).length)
  })

  const fields = [executionSpec, pipelineSpec, pipelineStage, schedule, stageSpec].flatMap(({ shape }) =>
    Object.keys(shape),
  )
  it.each([...new Set(fields)])("teaches the field %s before it lists it", (field) => {
    expect(taught).toMatch(new RegExp(`\`${field}(: \\w+)?\`|^[^|]*\\b${field}:`, "m"))
  })

  it("ends with the reference that `npm run generate` writes", () => {
    expect(document).toContain(`\n\n${reference()}\n\n<!-- end of the reference -->\n`)
  })

  it("links to files and headings that are there", () => {
    const links = [...taught.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
    expect(links.length).toBeGreaterThan(20)
    for (const [link, file, anchor] of links) {
      const headings = [...read(join("docs", file || "pipelines.md")).matchAll(/^#+ (.+)$/gm)].map(([, text]) => text!)
      if (anchor !== undefined) expect(headings.map(slug), link).toContain(anchor)
    }
  })
})

/** As GitHub makes it of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-")
}
