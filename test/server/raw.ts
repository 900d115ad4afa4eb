// A sender that keeps to no rules: bytes on a socket.

import { once } from "node:events"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

export interface Sender {
  readonly write: (...texts: readonly (string | Uint8Array)[]) => void
  /** Writes this chunk again and again, as fast as it is taken, until so many bytes are sent or the peer has enough. */
  readonly pour: (chunk: string | Uint8Array, bytes: number) => Promise<void>
  readonly received: () => string
  readonly sentBytes: () => number
  /** Until the status line of an answer is there. */
  readonly status: () => Promise<number>
  /** Until the peer closes the connection. */
  readonly closed: () => Promise<void>
  readonly destroy: () => void
}

export async function sender(port: number): Promise<Sender> {
  const socket = connect(port, "127.0.0.1")
  let received = ""
  let isClosed = false
  socket.setEncoding("latin1").on("data", (text) => {
    received += text
  })
  // Writing to a peer that has closed is what these tests are about.
  socket.on("error", () => undefined)
  socket.on("close", () => {
    isClosed = true
  })
  await once(socket, "connect")
  const roomOrEnd = () =>
    new Promise<void>((resolve) => {
      const settle = () => {
        socket.off("drain", settle).off("close", settle)
        resolve()
      }
      socket.on("drain", settle).on("close", settle)
    })
  const until = async (what: string, is: () => boolean) => {
    const deadline = Date.now() + 10_000
    while (!is()) {
      if (Date.now() > deadline) throw new Error(`${what} did not come in 10 s; received ${JSON.stringify(received)}`)
      await sleep(5)
    }
  }
  const statusLine = () => /^HTTP\/1\.1 (\d{3}) /.exec(received)
  return {
    write: (...texts) => {
      for (const text of texts) socket.write(text)
    },
    pour: async (chunk, bytes) => {
      const end = socket.bytesWritten + bytes
      while (!isClosed && !socket.destroyed && socket.bytesWritten < end) {
        if (!socket.write(chunk)) await roomOrEnd()
      }
    },
    received: () => received,
    sentBytes: () => socket.bytesWritten,
    status: async () => {
      await until("an answer", () => statusLine() !== null)
      return Number(statusLine()?.[1])
    },
    closed: () => until("the end of the connection", () => isClosed),
    destroy: () => socket.destroy(),
  }
}

/** Sends this, and nothing more; the status of the answer. */
export async function statusOf(port: number, ...texts: readonly (string | Uint8Array)[]): Promise<number> {
  const raw = await sender(port)
  raw.write(...texts)
  const status = await raw.status()
  raw.destroy()
  return status
}

/** The head of a POST with these headers, in binary mode with the least attributes unless others are given. */
export function head(...lines: readonly string[]): string {
  return ["POST / HTTP/1.1", "Host: peanut", ...lines, "", ""].join("\r\n")
}

export const attributes = ["ce-id: 1", "ce-source: /s", "ce-type: dev.knative.sources.ping", "ce-specversion: 1.0"]
