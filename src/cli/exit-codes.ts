// The exit codes of the command line.

/** Interrupted by a signal it is 128 and the signal's number, as in a shell: 130 after Ctrl-C. */
export const exitCodes = { succeeded: 0, failed: 1, badInput: 2 } as const
