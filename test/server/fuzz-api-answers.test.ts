// Answers that no API server should give, but that whatever stands in its place may: with junk in any field. An event
// that meets one is answered with 202 or 503, never with 500; the next one finds the server well.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { startVictim, type Victim } from "../fuzz/victim.ts"
import { added, binary, ping } from "./events.ts"
import { json } from "./fake-api-server.ts"
import { post } from "./serve.ts"

let victim: Victim
beforeAll(async () => {
  victim = await startVictim()
})
afterAll(() => victim?.stop())
beforeEach(() => victim.api.reset())

const junk: readonly unknown[] = [
  null,
  5,
  "text",
  [],
  [null],
  {},
  { metadata: null },
  { metadata: 5 },
  { metadata: {}, spec: null, status: null },
  { metadata: { name: {}, namespace: [], uid: 5 }, spec: "x", status: [] },
  { items: null, metadata: {} },
  { items: [], metadata: null },
  { items: {}, metadata: {} },
  { items: [null, 5, "x", [], {}, { metadata: null }], metadata: {} },
  { items: [], metadata: { continue: null } },
  { items: [], metadata: { continue: {} } },
  JSON.parse('{"__proto__":{"metadata":{}},"metadata":{"__proto__":{"x":1}}}'),
]
const messages = [undefined, null, 5, {}, [], "", "x".repeat(1_000_000)]

const answers = [
  ...junk.map((body) => ({ says: `200 ${JSON.stringify(body)}`, status: 200, body })),
  ...messages.flatMap((message) =>
    [400, 404, 409, 422, 429, 500].map((status) => {
      const body = { kind: "Status", reason: message, message }
      return { says: `${status} ${JSON.stringify(body).slice(0, 60)}`, status, body }
    }),
  ),
  ...junk.slice(0, 6).map((body) => ({ says: `403 ${JSON.stringify(body)}`, status: 403, body })),
  ...[204, 301, 304, 600, 999].map((status) => ({ says: `${status}`, status, body: {} })),
]

/** Answers that crash the handling of an event as things are. */
function isCrash(what: string, { status, body }: (typeof answers)[number]): boolean {
  const { items, metadata, message = "" } = (body ?? {}) as { items?: unknown; metadata?: unknown; message?: unknown }
  const isText = typeof message === "string" || Array.isArray(message)
  const isList = what === "a list"
  return (
    (isList && Array.isArray(items) && metadata === null) || (!isText && (status === 409 || (isList && status === 404)))
  )
}

describe.each([
  { what: "an execution", event: added },
  { what: "a list", event: ping },
])("when the API server is asked for $what", ({ what, event }) => {
  const crashing = answers.filter((answer) => isCrash(what, answer))
  const others = answers.filter((answer) => !crashing.includes(answer))
  it.each(others)("and says $says, the answer is 202 or 503", isAnswered)
  it.each(crashing)("and says $says, the answer is 202 or 503", isAnswered)

  async function isAnswered({ status, body }: (typeof answers)[number]): Promise<void> {
    // A call may be repeated once, on another connection.
    victim.api.next(json(status, body), json(status, body))
    const answer = await post(victim.url, binary(event))
    expect([202, 503], answer.text).toContain(answer.status)
    if (answer.status === 503) expect(answer.headers.get("retry-after")).toBe("1")
    victim.api.reset()
    expect((await post(victim.url, binary(added))).status).toBe(202)
  }
})

describe("a Job whose owner has a name that is none", () => {
  // One whose log holds nothing yet of the answers above.
  let fresh: Victim
  beforeAll(async () => {
    fresh = await startVictim()
  })
  afterAll(() => fresh?.stop())

  const owner = {
    apiVersion: "pipeline.peanut.dev/v1alpha1",
    kind: "PeanutPipelineExecution",
    uid: "u",
    controller: true,
  }
  const metadata = {
    name: "j",
    namespace: "team",
    uid: "u2",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
  }

  it.each(["..", ".", "", "../../secrets/x", "\uD83E", "__proto__", "UPPER", "a b"])(
    "leads to no call, and keeps no resync from its end (%j)",
    async (name) => {
      const job = { metadata: { ...metadata, ownerReferences: [{ ...owner, name }] }, spec: {} }
      // Pipelines, executions that have not ended, Jobs.
      const lists = [[], [], [job]].map((items) => json(200, { items, metadata: {} }))
      fresh.api.next(...lists)
      expect((await post(fresh.url, binary(ping))).status).toBe(202)
      await fresh.expectWell()
    },
  )
})
