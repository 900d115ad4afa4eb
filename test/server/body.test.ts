// A body whose sender is gone before anybody reads it, as while the sender's token is reviewed.

import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import { describe, expect, it } from "vitest"
import { readBody } from "../../src/server/body.ts"

describe("readBody", () => {
  it.each([
    { what: "was cut off", end: (incoming: IncomingMessage) => incoming.destroy() },
    { what: "failed", end: (incoming: IncomingMessage) => incoming.destroy(new Error("aborted")) },
  ])("does not wait for a body that $what before", async ({ end }) => {
    const incoming = new IncomingMessage(new Socket())
    incoming.on("error", () => undefined)
    incoming.push("half")
    end(incoming)
    await new Promise(setImmediate)
    expect(await readBody(incoming)).toEqual({ problem: "the body ended before it was complete" })
  })
})
