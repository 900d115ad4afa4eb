// A set of programs that Go builds from pinned modules, and the folder that keeps them: outside the repository, one for
// each set of pins, so that another branch with other versions does not disturb this one.
import { createHash } from "node:crypto"
import { accessSync, constants, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

export interface Source {
  /** The folder whose go.mod pins it, in the set's `modules`. */
  readonly module: string
  readonly package: string
}

export interface ProgramSet<Program extends string = string> {
  readonly name: string
  /** Path of the folder of the modules. */
  readonly modules: string
  readonly sources: Readonly<Record<Program, Source>>
  /** What the build takes, on two cores. */
  readonly minutes: number
  /** More flags for `go build`, asked for when something has to be built. */
  readonly flags?: () => Promise<readonly string[]>
}

export function cacheFolder({ name, modules, sources }: ProgramSet): string {
  const hash = createHash("sha256").update(JSON.stringify(sources))
  for (const module of new Set(Object.values(sources).map((source) => source.module))) {
    hash.update(readFileSync(join(modules, module, "go.mod")))
  }
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
  return join(cache, "peanut", name, hash.digest("hex").slice(0, 16))
}

export function missingFrom<Program extends string>(folder: string, { sources }: ProgramSet<Program>): Program[] {
  return (Object.keys(sources) as Program[]).filter((program) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return false
    } catch {
      return true
    }
  })
}
