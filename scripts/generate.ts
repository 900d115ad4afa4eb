// npm run generate: writes what follows from the schemas in src/api: the CRDs under crds/, the JSON schema of what
// lifecycle events carry, and the reference in docs/pipelines.md. `--check` only compares.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { stringify } from "yaml"
import * as z from "zod"
import { customResourceDefinition, definitions } from "../src/api/crds.ts"
import { lifecycleData } from "../src/api/lifecycle-event.ts"
import { reference } from "./reference.ts"

const root = new URL("../", import.meta.url)
const note = "Generated from src/api by `npm run generate`; edit the schemas there."

/** What each file must say, by its path. */
const texts = new Map([
  ...definitions.map((definition) => {
    const crd = stringify(customResourceDefinition(definition), { lineWidth: 120, aliasDuplicateObjects: false })
    return [`crds/${definition.plural}.yaml`, `# ${note}\n${crd}`] as const
  }),
  ["docs/lifecycle-event.schema.json", lifecycleSchema()] as const,
  ["docs/pipelines.md", withReference("docs/pipelines.md")] as const,
])

for (const [path, text] of texts) {
  const file = new URL(path, root)
  mkdirSync(new URL(".", file), { recursive: true })
  if (!process.argv.includes("--check")) writeFileSync(file, text)
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${path} differs from src/api: run \`npm run generate\``)
    process.exitCode = 1
  }
}

/** As a receiver should read it: later versions may say more. */
function lifecycleSchema() {
  const { $schema, ...schema } = z.toJSONSchema(lifecycleData, { io: "input" })
  const text = JSON.stringify({ $schema, $comment: note, ...schema }, null, 2)
  return `${text.replace(/\[\s+([^[\]{}]+?)\s+\]/g, (_, items) => `[${items.replace(/\s+/g, " ")}]`)}\n`
}

/** The document as it is, with the reference anew between its two markers. */
function withReference(path: string) {
  const text = readFileSync(new URL(path, root), "utf8")
  const [begin, end] = [
    "<!-- reference: `npm run generate` writes it from src/api -->",
    "<!-- end of the reference -->",
  ]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} lacks the markers ${begin} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n\n${reference()}\n\n${text.slice(to)}`
}
