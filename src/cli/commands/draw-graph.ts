// peanut graph: a pipeline as text, as a picture, or in the language of another drawing program.

import { text } from "node:stream/consumers"
import type { PipelineSpec } from "../../api/pipeline.ts"
import { toDot } from "../../drawing/dot.ts"
import { type Drawing, drawingOf } from "../../drawing/drawing.ts"
import { toMermaid } from "../../drawing/mermaid.ts"
import { toSvg } from "../../drawing/svg.ts"
import { choosePipeline } from "../../manifests/choose.ts"
import type { Loaded } from "../../manifests/loaded.ts"
import type { Manifest } from "../../manifests/manifest.ts"
import { readOwn } from "../../manifests/own.ts"
import { formatProblem } from "../../manifests/problem.ts"
import { exitCodes } from "../exit-codes.ts"
import { toText } from "../view/graph-text.ts"
import { complain, say } from "../writer.ts"

export const formats = ["text", "mermaid", "dot", "svg"] as const
type Format = (typeof formats)[number]

export interface GraphOptions {
  readonly paths: readonly string[]
  readonly pipeline?: string | undefined
  readonly output: Format
}

const writers: Record<Format, (drawing: Drawing) => string> = {
  text: toText,
  mermaid: toMermaid,
  dot: toDot,
  svg: toSvg,
}

/** Writes the drawing to standard output, or tells what is wrong with the manifests, and returns the exit code. */
export async function graph({ paths, pipeline, output }: GraphOptions): Promise<number> {
  const { loaded } = await readOwn(paths, () => text(process.stdin))
  const found = choose(loaded, pipeline)
  if ("problems" in found) {
    for (const problem of found.problems) complain(formatProblem(problem))
    return exitCodes.badInput
  }
  say(writers[output](drawingOf(found.pipeline.name, specOf(found.pipeline))))
  return exitCodes.succeeded
}

/** A pipeline whose graph has no mistakes has these fields. */
function specOf({ object }: Manifest): PipelineSpec {
  return object.spec as PipelineSpec
}

function choose(loaded: Loaded, name: string | undefined) {
  return loaded.problems.length > 0 ? { problems: loaded.problems } : choosePipeline(loaded, name)
}
