// A body whose sender is gone before anybody reads it, as while the sender's token is reviewed.

import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import { describe, expect, it } from "vitest"
import { maxBodyBytes, readBody } from "../../src/server/body.ts"
import { makeBodyBudget } from "../../src/server/body-budget.ts"

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
    expect(await readBody(incoming, { maxBytes: maxBodyBytes, share: makeBodyBudget().share() })).toEqual({
      problem: "the body ended before it was complete",
      isForNow: false,
    })
  })
})

describe("the memory for bodies", () => {
  const megabyte = 1024 * 1024

  it("is 32 MiB beyond what is small, and lets small bodies in while large ones hold all of it", () => {
    const budget = makeBodyBudget()
    const large = Array.from({ length: 500 }, () => budget.share())
    expect(large.filter((share) => share.grow(megabyte)).length).toBe(34)
    const small = Array.from({ length: 100 }, () => budget.share())
    expect(small.every((share) => share.grow(50_000))).toBe(true)
  })

  it("is had again when it is given back, once", () => {
    const budget = makeBodyBudget()
    const take = () => Array.from({ length: 50 }, () => budget.share()).filter((share) => share.grow(megabyte))
    const shares = take()
    expect(take()).toEqual([])
    for (const share of [...shares, ...shares]) share.release()
    expect(take()).toHaveLength(shares.length)
  })

  it("is taken by the largest buffer of a body, not by all that it had", () => {
    const budget = makeBodyBudget()
    const shares = Array.from({ length: 34 }, () => budget.share())
    for (let bytes = 4096; bytes <= megabyte; bytes *= 2) {
      expect(shares.every((share) => share.grow(bytes))).toBe(true)
    }
    expect(budget.share().grow(megabyte)).toBe(false)
  })
})
