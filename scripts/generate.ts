// npm run generate: writes the CRDs under crds/ from the schemas in src/api. `--check` only compares.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { stringify } from "yaml"
import { customResourceDefinition, definitions } from "../src/api/crds.ts"

const folder = new URL("../crds/", import.meta.url)
mkdirSync(folder, { recursive: true })
for (const definition of definitions) {
  const file = new URL(`${definition.plural}.yaml`, folder)
  const text =
    "# Generated from src/api by `npm run generate`; edit the schemas there.\n" +
    stringify(customResourceDefinition(definition), { lineWidth: 120, aliasDuplicateObjects: false })
  if (!process.argv.includes("--check")) writeFileSync(file, text)
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`crds/${definition.plural}.yaml differs from src/api: run \`npm run generate\``)
    process.exitCode = 1
  }
}
