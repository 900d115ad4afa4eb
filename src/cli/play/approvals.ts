// Approvals of a run on this machine: whoever sits at the terminal is asked, one stage after the other, while the rest
// of the run goes on.

import type { ReadStream } from "node:tty"

export interface Approvals {
  /** Asks whether this stage may start, once. */
  readonly request: (stage: string) => void
  /** The stage waits no more, for whatever reason. */
  readonly withdraw: (stage: string) => void
  /** Asks no more, and gives the terminal back. */
  readonly close: () => void
}

export interface Asking {
  /** Shows the question about a stage, or takes away the last one. */
  readonly show: (stage?: string) => void
  readonly approved: (stage: string) => void
  readonly refused: (stage: string) => void
  /** Keys that make signals in a terminal, which does not make them while it is asked for single keys. */
  readonly signal: (signal: "SIGINT" | "SIGQUIT") => void
}

/** What was typed this shortly after a question came up was not meant for it. */
const graceMillis = 300

export function askAt(input: ReadStream, { show, approved, refused, signal }: Asking): Approvals {
  const seen = new Set<string>()
  const queue: string[] = []
  let since = 0

  const listener = (keys: Buffer) => {
    for (const key of keys.toString()) {
      if (key === "\x03") signal("SIGINT")
      else if (key === "\x1c") signal("SIGQUIT")
      else if (performance.now() - since > graceMillis) answer(key)
    }
  }

  function answer(key: string): void {
    const [stage] = queue
    if (stage === undefined || !/[yn\r\n]/i.test(key)) return
    queue.shift()
    next()
    if (/y/i.test(key)) approved(stage)
    else refused(stage)
  }

  /** Takes single keys as long as there is something to ask. */
  function next(): void {
    const [stage] = queue
    since = performance.now()
    show(stage)
    input.off("data", listener)
    input.setRawMode(stage !== undefined)
    if (stage === undefined) input.pause()
    else input.on("data", listener).resume()
  }

  return {
    request(stage) {
      if (seen.has(stage)) return
      seen.add(stage)
      queue.push(stage)
      if (queue.length === 1) next()
    },
    withdraw(stage) {
      const at = queue.indexOf(stage)
      if (at >= 0) queue.splice(at, 1)
      if (at === 0) next()
    },
    close() {
      if (queue.length === 0) return
      queue.length = 0
      next()
    },
  }
}
