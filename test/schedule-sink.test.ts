// What Peanut knows of where it runs itself.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { layerScheduleSink, ScheduleSink } from "../src/schedule-sink.ts"
import { readSettings, type Settings } from "../src/settings.ts"

const folder = mkdtempSync(join(tmpdir(), "peanut-schedule-sink-"))
const file = join(folder, "namespace")
beforeAll(() => writeFileSync(file, "peanut-system\n"))
afterAll(() => rmSync(folder, { recursive: true }))

const sink = (env: NodeJS.ProcessEnv, from = file) =>
  Effect.runPromise(ScheduleSink.pipe(Effect.provide(layerScheduleSink(readSettings(env) as Settings, from))))

describe("the sink of schedules", () => {
  it("is the Knative Service that the process belongs to, in the namespace of its account", async () => {
    expect(await sink({ K_SERVICE: "peanut" })).toEqual({
      _tag: "Known",
      service: { name: "peanut", namespace: "peanut-system" },
    })
  })

  it("wants tokens for the audience that callers must have", async () => {
    const env = { K_SERVICE: "peanut", PEANUT_OIDC_AUDIENCE: "us", PEANUT_OIDC_SUBJECTS: "system:serviceaccount:a:b" }
    expect(await sink(env)).toMatchObject({ service: { audience: "us" } })
  })

  it("is in the only namespace that is served, where no account says so", async () => {
    const env = { K_SERVICE: "peanut", PEANUT_NAMESPACE: "team" }
    expect(await sink(env, join(folder, "none"))).toMatchObject({ service: { namespace: "team" } })
    expect(await sink(env)).toMatchObject({ service: { namespace: "peanut-system" } })
  })

  it.each([
    ["Knative does not run it", {}, file, "Peanut does not run as a Knative Service here"],
    ["its namespace is not known", { K_SERVICE: "peanut" }, join(folder, "none"), "namespace"],
  ])("is unknown where %s", async (_, env, from, why) => {
    expect(await sink(env, from)).toEqual({ _tag: "Unknown", why: expect.stringContaining(why) })
  })

  it("is none unless a layer says so", async () => {
    expect(await Effect.runPromise(ScheduleSink)).toEqual({ _tag: "None" })
  })
})
