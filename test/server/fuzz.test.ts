// Random hostile requests at the bundled server. Whatever it is, an answer is one of the contract's, the server says
// nothing of itself in its log, stays as large as it was, and does its work. A failure prints its seed.

import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { statuses } from "../fuzz/exchange.ts"
import { type HostileRequest, hostileRequest } from "../fuzz/requests.ts"
import { startVictim, type Victim } from "../fuzz/victim.ts"

let victim: Victim
beforeAll(async () => {
  victim = await startVictim()
})
afterAll(() => victim?.stop())

/** What listen.ts and Node.js answer to what is hardly HTTP. */
const unreadable = [400, 417, 431]
const allowed = {
  POST: [202, 503, ...unreadable],
  others: [200, 204, 404, 405, ...unreadable],
}

async function survive({ method, head, body, ends, isComplete }: HostileRequest): Promise<void> {
  const received = await victim.send(Buffer.concat([Buffer.from(head, "latin1"), body]), ends)
  const [first, ...rest] = statuses(received)
  if (first === undefined) expect(isComplete && ends === "waits" && method !== "CONNECT", "no answer").toBe(false)
  else expect(method === "POST" ? allowed.POST : allowed.others).toContain(first)
  // What follows the length it claimed is garbage.
  for (const status of rest) expect([...allowed.POST, ...allowed.others]).toContain(status)
  if (first === 503) expect(received).toMatch(/^retry-after: \d+\r$/im)
  expect(received).not.toMatch(/^x-injected:/im)
}

describe("a server to which anything is sent", () => {
  it("gives an answer of the contract to each, and to the good event after it", async () => {
    const numRuns = Number(process.env.FUZZ_RUNS ?? 700)
    await fc.assert(
      fc.asyncProperty(hostileRequest, async (request) => {
        await survive(request)
        await victim.expectWell()
      }),
      { numRuns, interruptAfterTimeLimit: 60_000 },
    )
  }, 90_000)
})
