// Installs Peanut on a control plane as this repository's manifests say.

import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parse } from "yaml"
import type { WatchedResource } from "./adapter.ts"
import type { ControlPlane } from "./control-plane.ts"

const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export async function install({ kubectl, createNamespace }: ControlPlane): Promise<void> {
  await createNamespace("peanut-system")
  for (const folder of ["crds", "config/rbac"]) {
    const { code, stderr } = await kubectl("apply", "-n", "peanut-system", "-k", repository(folder))
    if (code !== 0) throw new Error(`kubectl apply -k ${folder}: ${stderr}`)
  }
}

/** What the ApiServerSource of this repository watches. */
export function watchedResources(): readonly WatchedResource[] {
  return parse(readFileSync(repository("knative/source.yaml"), "utf8")).spec.resources
}
