// One exchange on a connection of its own: bytes there, and what comes back, by a sender that keeps to no rules.

import { connect } from "node:net"

/** What the sender does once all is sent: it waits; says that no more will come, and waits; or is gone. */
export type End = "waits" | "half-closes" | "is gone"

const patienceMs = 2000

/** What was received until the first whole answer, or until the connection closed; fails when neither comes. */
export function exchange(port: number, bytes: string | Uint8Array, end: End = "waits"): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    let received = ""
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`neither an answer nor the end of the connection after ${patienceMs} ms: ${received}`))
    }, patienceMs)
    socket.setEncoding("latin1").on("data", (text) => {
      received += text
      if (hasWholeAnswer(received)) socket.destroy()
    })
    // The peer may close while we send: that is what these tests are about.
    socket.on("error", () => undefined)
    socket.on("end", () => socket.destroy())
    socket.on("close", () => {
      clearTimeout(timer)
      resolve(received)
    })
    socket.on("connect", () => {
      // As latin1 each character is a byte, so that a text can hold any.
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () => {
        if (end === "half-closes") socket.end()
        if (end === "is gone") socket.resetAndDestroy()
      })
    })
  })
}

/** The statuses of the answers in what was received, but for `100 Continue`. */
export function statuses(received: string): readonly number[] {
  return [...received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status)).filter((s) => s !== 100)
}

function hasWholeAnswer(received: string): boolean {
  const text = received.replace(/^HTTP\/1\.1 100 .*?\r\n\r\n/s, "")
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return false
  const head = text.slice(0, end)
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  if (/^transfer-encoding: chunked/im.test(head)) return text.includes("0\r\n\r\n", end)
  return text.length >= end + 4 + length
}
