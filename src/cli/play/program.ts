// Whether a program is on this machine, found as execvp(3) finds it.

import { accessSync, constants, readdirSync, statSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { didYouMean } from "../../words/nearest-name.ts"

export interface Environment {
  readonly PATH?: string | undefined
}

/** What execvp searches when there is no PATH. */
const defaultPath = "/bin:/usr/bin"

/** A name with a slash is a file, relative to the working directory; any other is looked up in PATH. */
export function findProgram(program: string, environment: Environment): "found" | "not executable" | "missing" {
  const files = program.includes("/") ? [resolve(program)] : folders(environment).map((folder) => join(folder, program))
  const kinds = files.map(kindOf)
  return kinds.find((kind) => kind === "found") ?? kinds.find((kind) => kind === "not executable") ?? "missing"
}

/** `; did you mean "sleep"?` */
export function nearestProgram(program: string, environment: Environment): string {
  if (program.includes("/")) return ""
  return didYouMean(program, folders(environment).flatMap(programsIn))
}

function folders({ PATH = defaultPath }: Environment): readonly string[] {
  // An empty part of PATH is the working directory.
  return PATH.split(delimiter).map((folder) => resolve(folder))
}

function programsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function kindOf(file: string): "found" | "not executable" | "missing" {
  try {
    if (!statSync(file).isFile()) return "missing"
  } catch {
    return "missing"
  }
  try {
    accessSync(file, constants.X_OK)
    return "found"
  } catch {
    return "not executable"
  }
}
