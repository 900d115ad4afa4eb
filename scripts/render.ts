// node scripts/render.ts: writes install.yaml, which is config/default as `kubectl kustomize` renders it. `--check` only
// compares. kubectl is taken from the folder that KUBEBUILDER_ASSETS names, else from the path.

import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const own = join(process.env.KUBEBUILDER_ASSETS ?? "", "kubectl")

/** config/default in one text; `kubectl` is the program that renders it. */
export function render(kubectl: string): string {
  const rendered = execFileSync(kubectl, ["kustomize", join(root, "config/default")], { encoding: "utf8" })
  return `# Rendered from config/default by \`node scripts/render.ts\`: kubectl apply -f install.yaml\n${rendered}`
}

if (import.meta.main) {
  const file = join(root, "install.yaml")
  const text = render(existsSync(own) ? own : "kubectl")
  if (!process.argv.includes("--check")) writeFileSync(file, text)
  else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    console.error("install.yaml differs from config/default: run `node scripts/render.ts`")
    process.exitCode = 1
  }
}
