// The exit codes of the command line.

import type { ClientError } from "../client/errors.ts"
import type { BadUsage } from "./commands/cluster/bad-usage.ts"

/** Interrupted by a signal it is 128 and the signal's number, as in a shell: 130 after Ctrl-C. */
export const exitCodes = { succeeded: 0, failed: 1, badInput: 2 } as const

/** The errors that a command for a cluster ends with. */
export type CommandError = ClientError | BadUsage

/** What a script learns of an error: whether the command itself was wrong, or something that it met. */
export function exitCodeOf(error: CommandError): number {
  return error._tag === "BadUsage" ? exitCodes.badInput : exitCodes.failed
}
