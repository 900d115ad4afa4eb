// A resync beside an object that nobody can look at, and several resyncs at once.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { describe, expect, it } from "vitest"
import type { Stage } from "../../src/api/stage.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { makeOneResync, OneResync } from "../../src/controller/one-resync.ts"
import { resync } from "../../src/controller/resync.ts"
import { namespace } from "../builders/objects.ts"
import { World } from "./world.ts"

/** A world whose pipeline `bad` uses a stage of which every look throws, and whose other one nobody has looked at. */
function poisoned() {
  const world = new World()
  world.stage()
  world.stage("poison")
  world.pipeline([{ name: "a", type: "poison" }], "bad")
  world.pipeline("a", "web")
  const cluster = makeCluster(storeApi(world.store))
  const poison = {
    spec: {
      get params(): never {
        throw new RangeError("Maximum call stack size exceeded")
      },
    },
  } as unknown as Stage
  const stages: typeof cluster.stages = (isUsed) =>
    Effect.map(
      cluster.stages(isUsed),
      (all) => new Map([...all].map(([key, group]) => [key, new Map([...group, ["poison", poison]])])),
    )
  return { world, cluster: { ...cluster, stages } }
}

const quiet = Logger.layer([])

describe("a resync", () => {
  it("looks at the others where a look at one pipeline throws, and succeeds", async () => {
    const { world, cluster } = poisoned()
    const lines: string[] = []
    const logger = Logger.map(Logger.formatStructured, ({ message, annotations }) => {
      lines.push(JSON.stringify({ message, ...annotations }))
    })
    await Effect.runPromise(
      resync().pipe(Effect.provideService(Cluster, cluster), Effect.provide(Logger.layer([logger]))),
    )
    expect(world.validity()).toMatchObject({ type: "Valid", status: "True" })
    const told = lines.filter((line) => line.includes("a defect stops this object alone"))
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(`"kind":"PeanutPipeline","namespace":"${namespace}","name":"bad"`)
  })

  it("is one, however many ask for it at once; who asks afterwards has another", async () => {
    const { cluster } = poisoned()
    let lists = 0
    const counting = {
      ...cluster,
      pipelines: () => {
        lists++
        return Effect.andThen(Effect.sleep(20), cluster.pipelines())
      },
    }
    const layer = Layer.mergeAll(Layer.succeed(Cluster, counting), Layer.succeed(OneResync, makeOneResync()), quiet)
    const many = Effect.all(
      Array.from({ length: 20 }, () => resync()),
      { concurrency: "unbounded" },
    )
    await Effect.runPromise(
      Effect.provide(Effect.andThen(many, Effect.asVoid(Effect.sync(() => expect(lists).toBe(1)))), layer),
    )
    await Effect.runPromise(Effect.provide(resync(), layer))
    expect(lists).toBe(2)
  })
})
