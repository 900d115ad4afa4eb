// THIRD-PARTY-NOTICES: the licences of the packages that a bundle holds, with their texts, which most of them ask to come
// along with every copy.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root, type Shipped } from "./shipped.ts"

/** Licences that a copy under the Apache License 2.0 may include. Another one is a decision for a person. */
const accepted: readonly string[] = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]

const rule = "-".repeat(80)

/** `own` are licence comments that the bundler found in the files themselves. Throws for a package without a text. */
export function notices(bundle: string, shipped: readonly Shipped[], own: readonly string[]): string {
  const head = [
    `Third-party software in ${bundle}`,
    "",
    "Peanut is licensed under the Apache License 2.0. It includes the packages below, under their own licences.",
    "",
    ...shipped.map(({ name, version, license }) => `${name} ${version}: ${license}`),
  ]
  const texts = shipped.map((entry) => `${rule}\n${entry.name} ${entry.version}\n${rule}\n\n${textOf(entry)}\n`)
  const found = [...new Set(own)].toSorted()
  const tail = found.length === 0 ? [] : [`${rule}\nSaid in single files\n${rule}\n\n${found.join("\n\n")}\n`]
  return [head.join("\n"), "", ...texts, ...tail].join("\n")
}

function textOf({ name, folder, license }: Shipped): string {
  if (!accepted.includes(license)) {
    throw new Error(`${name} is under ${license}, which scripts/notices.ts does not accept: may Peanut ship it?`)
  }
  const path = join(root, folder)
  const files = readdirSync(path)
    .filter((file) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(file))
    .toSorted()
  if (!files.some((file) => !/^notice/i.test(file))) throw new Error(`${name} has no file with its licence in ${path}`)
  return files.map((file) => readFileSync(join(path, file), "utf8").replaceAll("\r\n", "\n").trim()).join("\n\n")
}
