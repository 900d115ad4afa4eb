// Reads a request's body and stops as soon as it is too long: what somebody claims about its length is not believed,
// and what is too long is never held in memory.

import type { IncomingMessage } from "node:http"
import { finished } from "node:stream"
import type { Share } from "./body-budget.ts"

/** The most a message of CloudEvents may take, in bytes. */
export const maxBodyBytes = 1024 * 1024
/** The most a message may take that starts an execution: its parameters are kept with it. */
export const maxStartBodyBytes = 64 * 1024
/** A body of which nothing comes for so long is not waited for any longer, in milliseconds. */
const idleMillis = 10_000

/** What it cannot be had for, in one sentence; whether the same may go well later. */
export interface BodyProblem {
  readonly problem: string
  readonly isForNow: boolean
}

export interface BodyOptions {
  readonly maxBytes: number
  /** What the body may take of the memory for all bodies; whoever asks gives it back. */
  readonly share: Share
}

/** The body, or why it cannot be had. */
export function readBody(
  incoming: IncomingMessage,
  { maxBytes, share }: BodyOptions,
): Promise<Uint8Array | BodyProblem> {
  return new Promise((resolve) => {
    // One buffer that grows, as a body may come as a million chunks of one byte, each of which costs a hundred to keep.
    let buffer = Buffer.alloc(0)
    let bytes = 0
    const idle = setTimeout(() => stop({ problem: "the body stopped coming", isForNow: true }), idleMillis)
    const take = (chunk: Buffer) => {
      idle.refresh()
      const end = bytes + chunk.byteLength
      if (end > maxBytes) return stop({ problem: `the body is longer than ${maxBytes} bytes`, isForNow: false })
      if (end > buffer.byteLength) {
        const size = Math.min(maxBytes, Math.max(end, 2 * buffer.byteLength, smallestBuffer))
        if (!share.grow(size)) return stop({ problem: "too many bodies are on their way", isForNow: true })
        const larger = Buffer.allocUnsafeSlow(size)
        larger.set(buffer.subarray(0, bytes))
        buffer = larger
      }
      buffer.set(chunk, bytes)
      bytes = end
    }
    const stop = (problem: BodyProblem) => {
      incoming.pause()
      settle(problem)
    }
    const settle = (body: Uint8Array | BodyProblem) => {
      clearTimeout(idle)
      incoming.off("data", take)
      forget()
      resolve(body)
    }
    const forget = finished(incoming, (error) =>
      settle(error ? { problem: "the body ended before it was complete", isForNow: false } : buffer.subarray(0, bytes)),
    )
    incoming.on("data", take)
  })
}

const smallestBuffer = 4 * 1024
