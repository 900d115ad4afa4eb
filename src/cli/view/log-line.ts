// A line of a log as it is shown: behind the name of its stage, where there are several.

import type { LogSource } from "../../client/log-sources.ts"
import { outputLine, plain } from "../../words/safe.ts"
import type { Paint, Style } from "./stage-lines.ts"

const colours: readonly Style[] = ["cyan", "magenta", "blue", "yellow", "green"]

/** What turns a line of a source into what is written; each stage has its colour. */
export function lineFormatter(
  stages: readonly string[],
  { withStage, isTerminal }: { readonly withStage: boolean; readonly isTerminal: boolean },
  paint: Paint,
): (source: Pick<LogSource, "stage" | "combination">, line: string) => readonly [prefix: string, line: string] {
  // A file gets what the stage wrote, byte for byte; a terminal nothing that moves its cursor.
  const clean = isTerminal ? outputLine : (line: string) => line
  return ({ stage, combination }, line) => {
    const parts = [withStage ? plain(stage) : "", combination === undefined ? "" : `(${plain(combination)})`]
    const prefix = parts.filter((part) => part !== "").join(" ")
    const colour = colours[Math.max(0, stages.indexOf(stage)) % colours.length]!
    return [prefix === "" ? "" : paint(colour, `${prefix} | `), clean(line)]
  }
}
