// What goes wrong on a real cluster: no run hangs, and no stage runs twice.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, expect, it } from "vitest"
import {
  controllerPods,
  eventually,
  get,
  install,
  isReady,
  kubectl,
  type List,
  resyncEvery,
  system,
  useNamespace,
} from "./cluster.ts"
import { chain, expectEachStageOnce, hasEnded, readRun, run, startChain, succeeded, until } from "./runs.ts"

const namespace = useNamespace()

// What a test changed about the installation ends with it.
afterEach(install)

it("finishes a run by the resync alone when the event source is gone", async () => {
  await startChain(namespace, "unheard", 3, 3)
  await until(namespace, "unheard", ({ status }) => status?.phase === "Running", 60)
  await kubectl(["delete", "apiserversource/peanut", "-n", system])
  // Its adapter goes, and with it every event; the first stage ends, and nobody hears of it.
  const adapters = () => get<List<unknown>>("pods", "-n", system, "-l", "eventing.knative.dev/sourceName=peanut")
  await eventually(adapters, ({ items }) => items.length === 0, 60)
  await sleep(10_000)
  expect(hasEnded(await readRun(namespace, "unheard"))).toBe(false)

  await resyncEvery("*/5 * * * * *")
  await until(namespace, "unheard", hasEnded, 90)
  await expectEachStageOnce(namespace, "unheard")
})

it("finishes a run when its own pods are killed all the time", async () => {
  await resyncEvery("*/10 * * * * *")
  await startChain(namespace, "killed", 5, 1)
  let kills = 0
  const isOver = until(namespace, "killed", hasEnded, 150).then(() => true)
  while (!(await Promise.race([isOver, sleep(700, false)]))) {
    const names = (await controllerPods()).map(({ metadata }) => metadata.name)
    if (names.length === 0 || kills >= 20) continue
    await kubectl(["delete", "pod", ...names, "-n", system, "--force", "--grace-period=0", "--ignore-not-found"])
    kills++
  }
  expect(kills).toBeGreaterThan(3)
  await expectEachStageOnce(namespace, "killed")
})

it("finishes a run while three revisions are rolled out", async () => {
  await startChain(namespace, "rolled-out", 8, 2)
  await until(namespace, "rolled-out", (run) => succeeded(run) > 0, 60)
  for (const round of ["1", "2", "3"]) {
    const template = { metadata: { annotations: { "peanut.dev/e2e": round } } }
    await kubectl(["patch", "ksvc/peanut", "-n", system, "--type=merge", "-p", JSON.stringify({ spec: { template } })])
    await isReady(system)
  }
  // It was a roll-out during the run only if the run is still going on.
  expect(hasEnded(await readRun(namespace, "rolled-out"))).toBe(false)
  await until(namespace, "rolled-out", hasEnded, 120)
  await expectEachStageOnce(namespace, "rolled-out")
})

it("finishes a hundred executions that were applied at once", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `many-${i}`)
  const objects = [...chain("many", 2, 0), ...names.map((name) => run(name, "many"))]
  await kubectl(["apply", "-n", namespace, "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n"))
  const started = Date.now()
  const phases = async () => {
    const { items } = await get<List<{ metadata: { name: string }; status?: { phase?: string } }>>(
      "pex",
      "-n",
      namespace,
    )
    return items.filter(({ metadata, status }) => names.includes(metadata.name) && status?.phase === "Succeeded").length
  }
  await eventually(phases, (ended) => ended === 100, 420)
  console.log(`a hundred executions of two stages: ${Math.round((Date.now() - started) / 1000)} s`)
  await expectEachStageOnce(namespace, ...names)
}, 480_000)

/** When the API server's process began, as it says itself. */
async function startedAt(): Promise<string | undefined> {
  return /^process_start_time_seconds (.+)$/m.exec(await kubectl(["get", "--raw", "/metrics"]))?.[1]
}

const restart = process.env.E2E_RESTART_API_SERVER

it.skipIf(restart === undefined)(
  "finishes a run when the API server is restarted (skipped unless E2E_RESTART_API_SERVER has a command for that)",
  async () => {
    await resyncEvery("*/10 * * * * *")
    await startChain(namespace, "restarted", 6, 3)
    await until(namespace, "restarted", (run) => succeeded(run) > 0, 60)
    const before = await startedAt()
    const [code] = await once(spawn("sh", ["-c", restart!], { stdio: "ignore" }), "exit")
    expect(code).toBe(0)
    expect(await startedAt()).not.toBe(before)
    await until(namespace, "restarted", hasEnded, 150)
    await expectEachStageOnce(namespace, "restarted")
  },
)
