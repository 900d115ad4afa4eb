// Poisons by name: objects of which one once stopped more than its own run. Each is put beside a good run, whose next
// step only a resync can bring.

import { describe, expect, it } from "vitest"
import type { StageSpec } from "../../src/api/stage.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { executionKey, managedByKey } from "../../src/resources/labels.ts"
import { namespace } from "../builders/objects.ts"
import { arrange, resyncEvent, type World } from "../controller/world.ts"

const ref = (name: string) => ({ namespace, name })
/** So many levels are too many for JSON.stringify, and fewer than the 10,000 that an API server takes. */
const deep = JSON.parse(`${'{"a":'.repeat(6000)}1${"}".repeat(6000)}`)

/** Writes a part of the snapshot of the run `bad`, as somebody with the right to write its status could. */
function editSnapshot(world: World, edit: object): void {
  world.store.patch(resources.executions, ref("bad"), { status: { snapshot: edit } }, "status")
}

/** The store would copy what is deep, and fail itself; an API server has such an object. */
function readAs(world: World, plural: string, name: string, change: (object: object) => object): void {
  const { get, list } = world.store
  const changed = (object: { metadata: { name: string } }) =>
    object.metadata.name === name ? (change(object) as never) : (object as never)
  world.store.get = (resource, ref) => {
    const object = get.call(world.store, resource, ref)
    return resource.plural === plural ? changed(object) : object
  }
  world.store.list = (resource, selection) => {
    const objects = list.call(world.store, resource, selection)
    return resource.plural === plural ? objects.map(changed) : objects
  }
}

interface Poisoning {
  readonly poison: string
  readonly put: (world: World) => void
}

/** Of these a resync dies as things are, and every run beside them stands still. */
const deadly: readonly Poisoning[] = [
  {
    poison: "a snapshot in which the specs of stages are missing",
    put: (world) => editSnapshot(world, { stageSpecs: { task: null } }),
  },
  {
    poison: "a snapshot with a stage of a type that it does not have",
    put: (world) =>
      editSnapshot(world, {
        stages: [
          { name: "a", type: "task" },
          { name: "z", type: "unknown" },
        ],
      }),
  },
  {
    poison: "a stage as deep as an API server lets it be",
    put: (world) => {
      const jobTemplate = { spec: { template: { spec: { x: deep } } } }
      readAs(world, "peanutstages", "deep", (stage) => ({ ...stage, spec: { image: "busybox", jobTemplate } }))
      world.stage("deep")
      world.pipeline([{ name: "a", type: "deep" }], "deep")
      world.execution("deep", { pipelineName: "deep" })
    },
  },
]

/** Parts of a jobTemplate that an API server stores, and no Job can have. */
const freeForm = {
  "a number for the value of a variable": { env: [{ name: "PORT", value: 8080 }] },
  "null for the variables": { env: null },
  "null for a variable": { env: [null] },
  "null for the command": { command: null },
  "text for the arguments": { args: "serve" },
  "a map for the arguments": { args: { a: "b" } },
} as const

const harmless: readonly Poisoning[] = [
  ...Object.entries(freeForm).flatMap(([says, part]) =>
    (["containers", "initContainers"] as const).map((list) => {
      const podSpec = { [list]: [{ name: "helper", image: "busybox", ...part }] }
      const spec = { image: "busybox", jobTemplate: { spec: { template: { spec: podSpec } } } } as unknown as StageSpec
      return {
        poison: `a stage with ${says} in ${list}, also in a snapshot`,
        put: (world: World) => {
          world.stage("free", spec)
          world.pipeline([{ name: "a", type: "free" }], "free")
          world.execution("free", { pipelineName: "free" })
          editSnapshot(world, { stageSpecs: { task: spec } })
        },
      }
    }),
  ),
  {
    poison: "a snapshot whose stages wait for each other",
    put: (world) =>
      editSnapshot(world, {
        stages: ["b", "a"].map((other, i) => ({ name: "ab"[i], type: "task", dependsOn: [other] })),
      }),
  },
  {
    poison: "a Job whose owner has a name that is none",
    put: (world) => {
      const owner = {
        apiVersion: "pipeline.peanut.dev/v1alpha1",
        kind: "PeanutPipelineExecution",
        uid: "u",
        controller: true,
      }
      for (const [i, name] of ["..", "", "../../secrets/x", "\uD83E", "__proto__"].entries()) {
        world.create(
          resources.jobs,
          `lost-${i}`,
          {},
          {
            labels: { [managedByKey]: "peanut", [executionKey]: "run" },
            ownerReferences: [{ ...owner, name }],
          },
        )
      }
    },
  },
]

describe("a resync brings a good run on beside", () => {
  it.each(harmless)("$poison", isBroughtOn)
  it.each(deadly)("$poison", isBroughtOn)

  async function isBroughtOn({ put }: Poisoning): Promise<void> {
    const world = arrange("a → b")
    world.execution("bad")
    await world.deliver()
    put(world)
    world.finish("a Complete")
    world.finish("a Complete", "bad")
    await world.handle(resyncEvent)
    expect(world.state()).toBe("Running: a Succeeded, b Running")
    expect(Object.keys(Object.prototype)).toEqual([])
  }
})

describe("a snapshot with a stage of a type that it does not have", () => {
  it("makes no Job of what every JavaScript object has by that name", async () => {
    const world = arrange("a → b")
    await world.deliver()
    const stages = [
      { name: "a", type: "task" },
      { name: "b", type: "constructor" },
    ]
    world.store.patch(resources.executions, ref("run"), { status: { snapshot: { stages } } }, "status")
    world.finish("a Complete")
    await world.resync().catch(() => undefined)
    expect(world.jobs()).toBe("a")
  })
})
