// Finds the real Kubernetes and Knative programs that integration tests run: in KUBEBUILDER_ASSETS, or in a cache
// outside the repository that Go fills once from the pins in modules/. `node test/control-plane/programs.ts` prints
// the folder, and builds it first where that is needed.
import { createHash } from "node:crypto"
import { accessSync, constants, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { build } from "./build.ts"
import { benchSources, modulesFolder, type Source, sources } from "./sources.ts"

/** The folder that holds every program, or undefined; looks only, so that any test worker may ask at any time. */
export const findPrograms = (): string | undefined => find(sources)

/** The folder that holds every program, built with Go where needed (minutes); undefined where Go is missing too. */
export const ensurePrograms = (): Promise<string | undefined> => ensure(sources)

/** The same for what only benches need. */
export const ensureBenchPrograms = (): Promise<string | undefined> => ensure(benchSources)

type Sources = Readonly<Record<string, Source>>

function find(sources: Sources): string | undefined {
  const assets = process.env.KUBEBUILDER_ASSETS
  return [...(assets ? [assets] : []), cacheFolder(sources)].find((folder) => missingFrom(folder, sources).length === 0)
}

async function ensure(sources: Sources): Promise<string | undefined> {
  const assets = process.env.KUBEBUILDER_ASSETS
  const missing = assets ? missingFrom(assets, sources) : []
  if (missing.length > 0) console.error(`KUBEBUILDER_ASSETS (${assets}) has no ${missing.join(", ")}; not used`)
  const cache = cacheFolder(sources)
  return find(sources) ?? (await build(cache, sources, () => missingFrom(cache, sources)))
}

export const howToGetPrograms = `install Go 1.26, or set KUBEBUILDER_ASSETS to a folder of ${Object.keys(sources).join(", ")}`

/** One folder for each set of pins: another branch with other versions does not disturb this one. */
function cacheFolder(sources: Sources): string {
  const hash = createHash("sha256").update(JSON.stringify(sources))
  for (const module of new Set(Object.values(sources).map(({ module }) => module))) {
    hash.update(readFileSync(join(modulesFolder, module, "go.mod")))
  }
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
  return join(cache, "peanut", "control-plane", hash.digest("hex").slice(0, 16))
}

function missingFrom(folder: string, sources: Sources): readonly string[] {
  return Object.keys(sources).filter((program) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return false
    } catch {
      return true
    }
  })
}

if (import.meta.main) {
  const folder = await ensurePrograms()
  if (folder) console.log(folder)
  else console.error(`there is no Go on this machine: ${howToGetPrograms}`)
  process.exitCode = folder ? 0 : 1
}
