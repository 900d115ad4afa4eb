// What every command for a cluster does around its own work: connect, explain what went wrong, set the exit code.

import * as Effect from "effect/Effect"
import { type Client, openClient } from "../../../client/client.ts"
import { CommandError, explain } from "../../../client/errors.ts"
import { exitCodes } from "../../exit-codes.ts"
import { type ClusterFlags, whereIn } from "./flags.ts"

/** Does the work with a connection to the cluster; what it returns is the exit code. */
export function withCluster(flags: ClusterFlags, work: (client: Client) => Promise<number>): Effect.Effect<void> {
  return Effect.promise(async () => {
    endWithReader()
    let client: Client | undefined
    try {
      client = await openClient(whereIn(flags))
      process.exitCode = await work(client)
    } catch (error) {
      console.error(`error: ${explain(error, client)}`)
      process.exitCode = error instanceof CommandError ? error.exitCode : exitCodes.failed
    }
  })
}

/** Nobody reads on, as after `| head`: there is nothing left to do for a program that only shows. */
function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 141 : exitCodes.failed)
  })
}
