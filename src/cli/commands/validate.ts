// The command line of `peanut validate`.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { validate } from "./validate-manifests.ts"

export const validateCommand = Command.make(
  "validate",
  {
    paths: Argument.String("path").pipe(
      Argument.withDescription("Files, directories, or - for standard input"),
      Argument.variadic({ min: 1 }),
    ),
    allowMissing: Flag.Boolean("allow-missing").pipe(
      Flag.withDescription("Stages and pipelines that the files name but do not hold are in the cluster"),
      Flag.withDefault(false),
    ),
    output: Flag.Literals("output", ["json"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("Write the mistakes as a JSON array to standard output"),
      Flag.optional,
    ),
    quiet: Flag.Boolean("quiet").pipe(
      Flag.withAlias("q"),
      Flag.withDescription("Say only what is wrong"),
      Flag.withDefault(false),
    ),
  },
  ({ paths, allowMissing, output, quiet }) =>
    Effect.promise(async () => {
      process.exitCode = await validate({ paths, allowMissing, quiet, output: Option.getOrUndefined(output) })
    }),
).pipe(
  Command.withDescription("Tell every mistake in manifests, without a cluster; exit code 2 if there is one"),
  Command.withExamples([
    { command: "peanut validate k8s/", description: "Check a directory; objects of other kinds are skipped" },
    { command: "peanut validate pipeline.yaml --allow-missing", description: "Its stages are in the cluster" },
    { command: "peanut validate -o json k8s/ web.yaml", description: "For editors and CI" },
  ]),
)
