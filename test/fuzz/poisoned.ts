// A cluster in which one run is poisoned: everything of it is damaged whenever somebody reads it. Beside it a good run,
// which must not notice.

import type { CloudEventV1 } from "cloudevents"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import type { StageSpec } from "../../src/api/stage.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import type { StoredObject } from "../../src/cluster/memory/store.ts"
import { type ObjectApi, type Resource, resources } from "../../src/cluster/object-api.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { handle } from "../../src/controller/handle.ts"
import { eventTypes } from "../../src/events/target.ts"
import { graph } from "../builders/graph.ts"
import { jobStatus, type PodOptions, pod, taskSpec } from "../builders/objects.ts"
import { resyncEvent, World } from "../controller/world.ts"
import { type Damage, damaged } from "./junk.ts"

export type Kind = Exclude<keyof typeof resources, "events">

/** What is done to the objects of each kind. */
export type Poison = Readonly<Partial<Record<Kind, readonly Damage[]>>>

export class PoisonedWorld {
  readonly world = new World()
  /** What died while an event was handled: a bug, whatever the objects looked like. */
  readonly defects: string[] = []
  /** Before that, the poisoned run is a good one too. */
  isPoisoned = false
  readonly #poison: Poison
  readonly #api: ObjectApi

  constructor(poison: Poison) {
    this.#poison = poison
    const api = storeApi(this.world.store)
    const damage = (resource: Resource) => (object: unknown) => this.#damage(resource, object as StoredObject)
    this.#api = {
      get: (resource, ref) => Effect.map(api.get(resource, ref), damage(resource)),
      list: (resource, selection, read) => api.list(resource, selection, (object) => read(damage(resource)(object))),
      create: (resource, ns, object) => Effect.map(api.create(resource, ns, object), damage(resource)),
      delete: api.delete,
      patch: (resource, ref, patch, subresource) =>
        Effect.map(api.patch(resource, ref, patch, subresource), damage(resource)),
    }
    for (const bad of ["bad-", ""]) {
      const [run, web, task] = [`${bad}run`, `${bad}web`, `${bad}task`]
      this.world.stage(task, bad === "" ? taskSpec : fullSpec)
      this.world.pipeline(graph("a → b", task), web)
      this.world.execution(run, { pipelineName: web })
    }
  }

  /** Every object as an event of a change, those of the poisoned run as they are read. */
  async tellAll(change: "add" | "update" | "delete"): Promise<void> {
    for (const resource of kinds.map((kind) => resources[kind])) {
      for (const object of this.world.store.list(resource)) {
        await this.handle({ type: eventTypes[change], data: this.#damage(resource, object) } as CloudEventV1<unknown>)
      }
    }
  }

  resync(): Promise<void> {
    return this.handle(resyncEvent)
  }

  /** Ends every Job that runs, and its pod with it. */
  finishJobs(): void {
    for (const job of this.world.store.list(resources.jobs)) {
      if (job.status !== undefined) continue
      const { metadata, status } = pod(job as never, { phase: "Succeeded" } satisfies PodOptions)
      this.world.store.create(resources.pods, metadata.namespace, { apiVersion: "v1", kind: "Pod", metadata, status })
      this.world.store.patch(resources.jobs, job.metadata, { status: jobStatus("Complete") }, "status")
    }
  }

  async handle(event: CloudEventV1<unknown>): Promise<void> {
    const exit = await Effect.runPromiseExit(
      handle(event).pipe(
        Effect.provideService(Cluster, makeCluster(this.#api)),
        Effect.provide(Logger.layer([])),
      ) as Effect.Effect<void, unknown>,
    )
    const died = Exit.isFailure(exit) && !exit.cause.reasons.every(Cause.isFailReason)
    if (died) this.defects.push(Cause.pretty(exit.cause).slice(0, 1000))
  }

  #damage(resource: Resource, object: StoredObject): unknown {
    const kind = kinds.find((kind) => resources[kind].plural === resource.plural)
    const isBad = object.metadata.name.startsWith("bad-")
    return kind !== undefined && isBad && this.isPoisoned ? damaged(object, this.#poison[kind] ?? []) : object
  }
}

/** A stage that says something everywhere, so that there is something to damage. */
const fullSpec: StageSpec = {
  image: "busybox",
  command: ["sh"],
  args: ["-c", "true"],
  env: [{ name: "A", value: "1" }],
  envFrom: [{ configMapRef: { name: "settings" } }],
  resources: { limits: { cpu: 1 } },
  timeout: "90s",
  retries: 1,
  jobTemplate: {
    metadata: { labels: { team: "web" }, annotations: { note: "hi" } },
    spec: {
      podFailurePolicy: { rules: [] },
      ttlSecondsAfterFinished: 60,
      template: {
        metadata: { labels: { team: "web" } },
        spec: {
          restartPolicy: "Never",
          volumes: [{ name: "v" }],
          containers: [
            {
              name: "stage",
              workingDir: "/",
              command: ["sh"],
              args: ["-c"],
              env: [{ name: "B", value: "2" }],
              terminationMessagePath: "/out",
              ports: [{ containerPort: 80 }],
              volumeMounts: [{ name: "v", mountPath: "/v" }],
            },
            { name: "proxy", command: ["proxy"], args: ["x"], env: [{ name: "C", value: "3" }] },
          ],
          initContainers: [{ name: "init", command: ["init"], args: ["x"], env: [{ name: "D", value: "4" }] }],
        },
      },
    },
  },
}

const kinds = (Object.keys(resources) as (keyof typeof resources)[]).filter((kind) => kind !== "events")
