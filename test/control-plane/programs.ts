// Finds the real Kubernetes and Knative programs that integration tests run: in KUBEBUILDER_ASSETS, or in a cache
// outside the repository that Go fills once from the pins in modules/. `node test/control-plane/programs.ts` prints
// the folder, and builds it first where that is needed.
import { build } from "./build.ts"
import { cacheFolder, missingFrom, type ProgramSet } from "./program-set.ts"
import { benchSources, modulesFolder, sources } from "./sources.ts"

const common = { name: "control-plane", modules: modulesFolder }
const controlPlane: ProgramSet = { ...common, sources, minutes: 8 }
const benchPrograms: ProgramSet = { ...common, sources: benchSources, minutes: 2 }

/** The folder that holds every program, or undefined; looks only, so that any test worker may ask at any time. */
export const findPrograms = (): string | undefined => find(controlPlane)

/** The folder that holds every program, built with Go where needed (minutes); undefined where Go is missing too. */
export const ensurePrograms = (): Promise<string | undefined> => ensure(controlPlane)

/** The same for what only benches need. */
export const ensureBenchPrograms = (): Promise<string | undefined> => ensure(benchPrograms)

function find(set: ProgramSet): string | undefined {
  const assets = process.env.KUBEBUILDER_ASSETS
  return [...(assets ? [assets] : []), cacheFolder(set)].find((folder) => missingFrom(folder, set).length === 0)
}

async function ensure(set: ProgramSet): Promise<string | undefined> {
  const assets = process.env.KUBEBUILDER_ASSETS
  const missing = assets ? missingFrom(assets, set) : []
  if (missing.length > 0) console.error(`KUBEBUILDER_ASSETS (${assets}) has no ${missing.join(", ")}; not used`)
  return find(set) ?? (await build(set))
}

export const howToGetPrograms = `install Go 1.26, or set KUBEBUILDER_ASSETS to a folder of ${Object.keys(sources).join(", ")}`

if (import.meta.main) {
  const folder = await ensurePrograms()
  if (folder) console.log(folder)
  else console.error(`there is no Go on this machine: ${howToGetPrograms}`)
  process.exitCode = folder ? 0 : 1
}
