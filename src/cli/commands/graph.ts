// The command line of `peanut graph`.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { formats, graph } from "./draw-graph.ts"

export const graphCommand = Command.make(
  "graph",
  {
    paths: Argument.String("path").pipe(
      Argument.withDescription("Files, directories, or - for standard input"),
      Argument.variadic({ min: 1 }),
    ),
    pipeline: Flag.String("pipeline").pipe(
      Flag.withDescription("Draw this pipeline, when the files hold several"),
      Flag.optional,
    ),
    output: Flag.Literals("output", formats).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("The form of the drawing"),
      Flag.withDefault("text" as const),
    ),
  },
  ({ paths, pipeline, output }) =>
    Effect.promise(async () => {
      process.exitCode = await graph({ paths, output, pipeline: Option.getOrUndefined(pipeline) })
    }),
).pipe(
  Command.withDescription("Draw the graph of a pipeline; its stages need not be in the files"),
  Command.withExamples([
    { command: "peanut graph web.yaml", description: "As indented text" },
    { command: "peanut graph web.yaml -o svg > web.svg", description: "As a picture for light and dark pages" },
    { command: "peanut graph web.yaml -o mermaid", description: "For a Markdown file" },
    { command: "kubectl get ppl web -o yaml | peanut graph -", description: "Draw what a cluster has" },
  ]),
)
