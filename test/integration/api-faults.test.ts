// Every call that Peanut makes meets every fault of a real API server, with Knative's adapter sending the events: the
// runs end as they do without faults, and no stage gets a second Job.

import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, expect, it } from "vitest"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { seededRandom } from "../soak/seeded-random.ts"
import {
  conflict,
  cut,
  type Fault,
  noBackend,
  slow,
  storageBusy,
  storageError,
  throttled,
  unavailable,
  webhookError,
} from "./fault-proxy-faults.ts"
import { type End, useFaultyWorld } from "./fault-proxy-world.ts"
import { eventually } from "./world.ts"

/** What the handler asks of the API server on the way of an event. */
const calls = [
  "get peanutpipelineexecutions",
  "get peanutstages",
  "get jobs",
  "list pods",
  "create jobs",
  "patch peanutpipelineexecutions/status",
  "create events",
]

/** More than the 15 seconds that the server gives a call. */
const tooSlow = slow(16_000)

// Where a kept connection breaks, the client makes the call again by itself. So several in a row fail for good, though
// stages start in pairs, and a later one alone shows the client what its own first attempt has done.
const isHit = (nth: number) => [1, 2, 3, 4, 7, 10, 13].includes(nth)
const inTurn =
  (...faults: readonly Fault[]) =>
  (nth: number) =>
    isHit(nth) ? faults[nth % faults.length] : undefined

const faults: Readonly<Record<string, (nth: number) => Fault | undefined>> = {
  "is slower than the server waits": (nth) => (nth === 1 ? tooSlow : undefined),
  "is slow": (nth) => (nth <= 3 ? slow(1_500) : undefined),
  "says 409 Conflict": inTurn(conflict),
  "says 429 with Retry-After": inTurn(throttled, storageBusy),
  "says 500": inTurn(storageError, webhookError),
  "says 503": inTurn(unavailable, noBackend),
  "cuts the connection before it acts": inTurn(cut("before")),
  "cuts the connection after it acted": inTurn(cut("after")),
  "cuts the connection within its answer": inTurn(cut("within")),
}

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const plays = ["sample", "failing"] as const
type Play = (typeof plays)[number]
const namespaces = {
  fault: (fault: number, call: number) => `fault-${fault}-${call}`,
  lost: (call: number, from: number) => `lost-${call}-${from}`,
  random: (play: Play) => `random-${play}`,
  faultFree: (play: Play) => `no-fault-${play}`,
}
const groups = [
  ...[1, 3].map((from) => calls.map((_, call) => namespaces.lost(call, from))),
  ...Object.keys(faults).map((_, fault) => calls.map((_, call) => namespaces.fault(fault, call))),
  ["cancelled", ...plays.flatMap((play) => [namespaces.random(play), namespaces.faultFree(play)])],
]
const patient = { timeout: 120_000 }
const parity = (number: number): Play => (number % 2 === 0 ? "sample" : "failing")

describeWithControlPlane("when the API server", () => {
  const world = useFaultyWorld(groups)
  let faultFree: Readonly<Record<Play, End>>
  beforeAll(async () => {
    const end = async (play: Play) => {
      await world().begin(namespaces.faultFree(play), play)
      return world().finish(namespaces.faultFree(play))
    }
    const [sample, failing] = await Promise.all([end("sample"), end("failing")])
    expect(sample.status).toMatchObject({ phase: "Succeeded", summary: "5/5 succeeded" })
    expect(failing.status).toMatchObject({ phase: "Failed", summary: "2/4 succeeded, 1 failed, 1 skipped" })
    expect(failing.jobs).toEqual({ Second: 1, Third: 1, Fourth: 1 })
    faultFree = { sample, failing }
  }, 60_000)

  // Runs can do without it, so nothing gets lost by it: a resync, as others here send it, lists all Jobs.
  const needed = calls.filter((what) => what !== "create events" && what !== "get jobs")
  // Stages are read when a run begins, and no more.
  const neededOften = needed.filter((what) => what !== "get peanutstages")
  it.concurrent.for([
    { since: "the start", from: 1, group: 0, failing: needed },
    { since: "some time", from: 3, group: 1, failing: neededOften },
  ])(
    "is away since $since until events are given up and the adapter is moved, one resync catches up",
    patient,
    async ({ from, group, failing }, { expect }) => {
      const { proxy, begin, finish, isFinished, resync, restartAdapter } = world()
      const fault = (nth: number) => (nth >= from ? unavailable : undefined)
      const cases = failing.map((what, call) => {
        const namespace = namespaces.lost(call, from)
        return { what, play: "failing" as const, namespace, rule: proxy.rule({ what, namespace, fault }) }
      })
      await Promise.all(cases.map(({ namespace, play }) => begin(namespace, play)))
      // The adapter sends an event six times.
      while (!cases.every(({ rule }) => rule.hits() > 6)) await sleep(100)
      await restartAdapter(group)
      for (const { namespace } of cases) expect(await isFinished(namespace)).toBe(false)
      for (const { rule } of cases) rule.lift()
      // It looks at all namespaces, and others may have a fault at that moment.
      expect([202, 503]).toContain((await resync()).status)
      const ends = cases.map(async ({ what, namespace }) => [what, await finish(namespace)])
      const expected = cases.map(({ what, play }) => [what, faultFree[play]])
      expect(Object.fromEntries(await Promise.all(ends))).toEqual(Object.fromEntries(expected))
    },
  )

  const everyFault = Object.entries(faults).map(([does, fault], index) => ({ does, fault, index }))
  it.concurrent.for(everyFault)(
    "$does, at any call, runs end as without",
    patient,
    async ({ fault, index }, { expect }) => {
      const { proxy, begin, finish } = world()
      const ends = calls.map(async (what, call) => {
        const namespace = namespaces.fault(index, call)
        const rule = proxy.rule({ what, namespace, fault })
        await begin(namespace, parity(index + call))
        return [what, { ...(await finish(namespace)), wasHit: rule.hits() > 0 }]
      })
      const expected = calls.map((what, call) => [what, { ...faultFree[parity(index + call)], wasHit: true }])
      expect(Object.fromEntries(await Promise.all(ends))).toEqual(Object.fromEntries(expected))
    },
  )

  it.concurrent.for<Play>(plays)(
    `does anything at any call, the run "%s" ends as without (SEED=${seed})`,
    patient,
    async (play, { expect }) => {
      const { proxy, begin, finish, isFinished, resync } = world()
      const random = seededRandom(seed)
      const fault = () => (random.chance(0.25) ? random.pick(kinds) : undefined)
      const rule = proxy.rule({ namespace: namespaces.random(play), fault })
      await begin(namespaces.random(play), play)
      for (let i = 0; i < 10 && !(await isFinished(namespaces.random(play))); i++) {
        await sleep(2_000)
        expect([202, 503]).toContain((await resync()).status)
      }
      expect(rule.hits()).toBeGreaterThan(2)
      rule.lift()
      await resync()
      expect(await finish(namespaces.random(play))).toEqual(faultFree[play])
    },
  )

  it.concurrent(
    "stops the Jobs of a cancelled run and then takes no status until they have failed, the run is Cancelled all the same",
    patient,
    async ({ expect }) => {
      const { proxy, begin, finish, jobs, edit, resync } = world()
      await begin("cancelled", "held")
      await eventually(
        () => jobs("cancelled"),
        ([job]) => job?.status.conditions === undefined && job !== undefined,
      )
      const rule = proxy.rule({
        namespace: "cancelled",
        what: "patch peanutpipelineexecutions/status",
        fault: () => unavailable,
      })
      await edit("cancelled", { cancel: true })
      await eventually(
        () => jobs("cancelled"),
        ([job]) => job?.status.conditions?.some(({ type }) => type === "Failed") ?? false,
        30_000,
      )
      // Handlers that read the Job before it failed have been refused their write by then.
      await sleep(2_000)
      rule.lift()
      await resync()
      const { status } = await finish("cancelled")
      expect(status).toMatchObject({ phase: "Cancelled", stages: [{ name: "a", phase: "Cancelled" }] })
    },
  )

  it("is unwell, senders hear 202 or 503 with Retry-After and nothing else", () => {
    expect([...world().relay.told.keys()].toSorted()).toEqual(["202", "503, retry after 1"])
  })

  it("is unwell, the server says so in warnings and goes on", () => {
    const lines = world().server.log().trimEnd().split("\n")
    const told = lines.map((line) => JSON.parse(line) as { level: string; message: string })
    const warnings = told.filter(({ level }) => level !== "INFO").map(({ level, message }) => `${level} ${message}`)
    // Where a resync meets a call that hangs, the guard tells of the object, too.
    const others = [...new Set(warnings)].filter((warning) => warning !== "WARN one object took long")
    expect(others.toSorted()).toEqual(["WARN announcements took too long", "WARN not now"])
  })
})

const answers = [conflict, throttled, storageBusy, storageError, webhookError, unavailable, noBackend]
const kinds = [...answers, slow(300), cut("before"), cut("after"), cut("within")]
