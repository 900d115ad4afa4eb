// What every command for a cluster does around its own work: connect, explain what went wrong, set the exit code.

import * as Effect from "effect/Effect"
import { type Client, openClient } from "../../../client/client.ts"
import { type CommandError, exitCodeOf, exitCodes } from "../../exit-codes.ts"
import { complain, stdout } from "../../writer.ts"
import { explain } from "./explain.ts"
import { type ClusterFlags, whereIn } from "./flags.ts"

/** Does the work with a connection to the cluster; what it returns is the exit code. */
export function withCluster(
  flags: ClusterFlags,
  work: (client: Client) => Effect.Effect<number, CommandError>,
): Effect.Effect<void> {
  endWithReader()
  return openClient(whereIn(flags)).pipe(
    Effect.flatMap((client) => work(client).pipe(Effect.catch((error) => told(error, client)))),
    Effect.catch((error) => told(error)),
    Effect.flatMap((exitCode) =>
      Effect.sync(() => {
        process.exitCode = exitCode
      }),
    ),
  )
}

/** Tells an error; the exit code that belongs to it. */
export const told = (error: CommandError, client?: Client): Effect.Effect<number> =>
  Effect.sync(() => {
    complain(`error: ${explain(error, client)}`)
    return exitCodeOf(error)
  })

/** Nobody reads on, as after `| head`: there is nothing left to do for a program that only shows. */
function endWithReader(): void {
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 141 : exitCodes.failed)
  })
}
