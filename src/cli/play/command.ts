// Whether the program of a stage can be started here. Without its image, all there is of it is its command.

import { effective } from "../../manifests/effective.ts"
import type { Manifest } from "../../manifests/manifest.ts"
import type { Finding } from "../../manifests/path.ts"
import { valueAt } from "../../manifests/plain.ts"
import { quoted } from "../../words/phrases.ts"
import { type Environment, findProgram, nearestProgram } from "./program.ts"

/** What keeps a stage from being run as a process of this machine. */
export function commandMistakes({ object }: Manifest, environment: Environment): readonly Finding[] {
  const { path, list: command } = effective(object, "command")
  const program = command[0]
  if (typeof program !== "string" || program === "") {
    const message =
      "the image is not used with --runner process, so its entry point is unknown; set spec.command, or use --runner docker"
    return [{ path: command.length === 0 ? ["spec"] : path, message }]
  }
  // Kubernetes replaces such references when the container starts.
  if (program.includes("$(")) return []
  const own = effective(object, "env").list.findLast((variable) => valueAt(variable, ["name"]) === "PATH")
  const PATH = valueAt(own, ["value"])
  const seen = typeof PATH === "string" ? { ...environment, PATH } : environment
  const at = [...path, 0]
  switch (findProgram(program, seen)) {
    case "found":
      return []
    case "not executable":
      return [
        {
          path: at,
          message: `program ${quoted(program)} is not executable; run chmod +x on it, or name its interpreter first`,
        },
      ]
    case "missing":
      return [{ path: at, message: missingProgram(program, seen) }]
  }
}

/** What writes its outputs to a place that is there only in a container. */
export function messageMistakes({ object }: Manifest): readonly Finding[] {
  const asked = effective(object, "terminationMessagePath").value
  const file = typeof asked === "string" && asked !== "" ? asked : "/dev/termination-log"
  return ["command", "args"].flatMap((field) => {
    const { path, list } = effective(object, field)
    return list.flatMap((word, index) => {
      if (typeof word !== "string" || !word.includes(file)) return []
      const message = `${file} is there only in a container; write to $PEANUT_OUTPUT instead`
      return [{ path: [...path, index], message }]
    })
  })
}

function missingProgram(program: string, environment: Environment): string {
  const words = program.trim().split(/\s+/)
  const message = `there is no program ${quoted(program)}${program.includes("/") ? "" : " in PATH"}`
  if (words.length > 1) return `${message}; a command is a list of words: ${JSON.stringify(words)}`
  return message + (nearestProgram(program, environment) || "; install it, or use --runner docker")
}
