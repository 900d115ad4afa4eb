// Reads a request's body and stops as soon as it is too long: what somebody claims about its length is not believed,
// and what is too long is never held in memory.

import type { IncomingMessage } from "node:http"
import { finished } from "node:stream"

/** The most a message of CloudEvents may take, in bytes. */
export const maxBodyBytes = 1024 * 1024

type Body = Uint8Array | { readonly problem: string }

/** The body, or one sentence about why it cannot be had. */
export function readBody(incoming: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    // One buffer that grows, as a body may come as a million chunks of one byte, each of which costs a hundred to keep.
    let buffer = Buffer.allocUnsafe(16 * 1024)
    let bytes = 0
    const take = (chunk: Buffer) => {
      const end = bytes + chunk.byteLength
      if (end > maxBodyBytes) {
        incoming.pause()
        return settle({ problem: `the body is longer than ${maxBodyBytes} bytes` })
      }
      if (end > buffer.byteLength) buffer = grown(buffer, bytes, end)
      buffer.set(chunk, bytes)
      bytes = end
    }
    const settle = (body: Body) => {
      incoming.off("data", take)
      forget()
      resolve(body)
    }
    const forget = finished(incoming, (error) =>
      settle(error ? { problem: "the body ended before it was complete" } : buffer.subarray(0, bytes)),
    )
    incoming.on("data", take)
  })
}

function grown(buffer: Buffer, used: number, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(Math.min(maxBodyBytes, Math.max(needed, 2 * buffer.byteLength)))
  larger.set(buffer.subarray(0, used))
  return larger
}
