// What must be true of every Cluster, whatever it runs on: each layer passes these cases, and a case that one cannot
// pass is skipped with its reason.

import { isDeepStrictEqual } from "node:util"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { describe, expect, it } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import { apiVersion, type Ref } from "../../src/api/meta.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { type ObjectApi, type Resource, resources } from "../../src/cluster/object-api.ts"
import { type Cluster, makeCluster } from "../../src/cluster.ts"
import { accept } from "../../src/execution/accept.ts"
import { allJobs, runningStages } from "../../src/execution/scope.ts"
import { stageJob } from "../../src/resources/job.ts"
import { executionKey, executionLabel } from "../../src/resources/labels.ts"
import { graph } from "../builders/graph.ts"
import { executionOwner, now, ownerOf } from "../builders/objects.ts"

/** A cluster and the means to arrange what is in it. */
export interface World {
  readonly cluster: Cluster["Service"]
  readonly objects: Objects
  /** A namespace of this world alone, ready for pods. */
  readonly namespace: string
  readonly close?: () => Promise<void>
}

/** The API below the cluster. */
export type Objects = ObjectApi

export type CaseName = keyof typeof cases

/** Runs all cases, each in a world of its own; `skips` says why a case cannot hold here. */
export function clusterCases(
  name: string,
  world: () => Promise<World>,
  skips: Readonly<Partial<Record<CaseName, string>>> = {},
) {
  describe(`Cluster, ${name}`, () => {
    for (const [title, test] of Object.entries(cases) as [CaseName, (world: World) => Promise<void>][]) {
      const reason = skips[title]
      if (reason !== undefined) {
        it.skip(`${title} (skipped: ${reason})`, () => {})
        continue
      }
      it(title, async () => {
        const arranged = await world()
        try {
          await test(arranged)
        } finally {
          await arranged.close?.()
        }
      }, 90_000)
    }
  })
}

const cases = {
  "reads an execution as it was created": async (world: World) => {
    await create(world, resources.executions, "run", { spec: { pipelineName: "web", suspend: true } })
    const run = await executionOf(world, "run")
    expect(run.spec).toEqual({ pipelineName: "web", suspend: true })
    expect(run.metadata).toMatchObject({ name: "run", namespace: world.namespace, generation: 1, ownerReferences: [] })
    expect(run.metadata.uid).not.toBe("")
    expect(run.metadata.resourceVersion).not.toBe("")
    expect(run.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(run.status).toBeUndefined()
  },

  "does not find what is not there": async ({ cluster, namespace }: World) => {
    const ref = { namespace, name: "ghost" }
    expect(await failure(cluster.execution(ref))).toMatchObject({ _tag: "NotFound" })
    expect(await failure(cluster.pipeline(ref))).toMatchObject({ _tag: "NotFound" })
    expect(await failure(cluster.job(ref))).toMatchObject({ _tag: "NotFound" })
  },

  "reads the pipeline of an execution and the stages beside it": async (world: World) => {
    await create(world, resources.stages, "task", { spec: { image: "busybox" } })
    await create(world, resources.pipelines, "web", { spec: { stages: graph("a → b") } })
    const definition = await ok(world.cluster.definition(await newExecution(world)))
    expect(definition.pipeline?.spec.stages).toEqual(graph("a → b"))
    expect([...definition.stages].map(([name, stage]) => [name, stage?.spec])).toEqual([["task", { image: "busybox" }]])
    const { pipeline } = await ok(world.cluster.pipeline({ namespace: world.namespace, name: "web" }))
    expect(pipeline).toEqual(definition.pipeline)
  },

  "reads the stages that a pipeline uses; all of the namespace where one is missing or malformed, or they are many":
    async (world: World) => {
      const types = ["a", "b", "c", "d", "e"]
      for (const type of types) await create(world, resources.stages, type, { spec: { image: "busybox" } })
      const typesOf = async (pipelineName: string, stages: readonly string[], atEnd?: readonly string[]) => {
        const uses = (types: readonly string[]) => types.map((type, i) => ({ name: `s${i}-${type}`, type }))
        const spec = {
          stages: uses(stages),
          ...(atEnd && { finally: uses(atEnd).map((s) => ({ ...s, name: `z${s.name}` })) }),
        }
        await create(world, resources.pipelines, pipelineName, { spec })
        await create(world, resources.executions, `of-${pipelineName}`, { spec: { pipelineName } })
        const definition = await ok(world.cluster.definition(await executionOf(world, `of-${pipelineName}`)))
        return [...definition.stages.keys()].toSorted()
      }
      expect(await typesOf("few", ["b", "b", "c"], ["a", "b"])).toEqual(["a", "b", "c"])
      expect(await typesOf("misses", ["a", "x"])).toEqual(types)
      expect(await typesOf("many", types)).toEqual(types)
    },

  "defines an execution of a missing pipeline as one without": async (world: World) => {
    const definition = await ok(world.cluster.definition(await newExecution(world)))
    expect(definition).toEqual({ pipeline: undefined, stages: new Map() })
  },

  "keeps a status that is written": async (world: World) => {
    const run = await newExecution(world)
    const status = acceptedStatus(run, "a → b")
    const written = await ok(world.cluster.writeStatus(run, status))
    expect(written.status).toEqual(status)
    expect(written.metadata.resourceVersion).not.toBe(run.metadata.resourceVersion)
    expect(written.metadata.generation).toBe(run.metadata.generation)
    expect(await executionOf(world, "run")).toEqual(written)
  },

  "keeps a status so that it compares as equal": async (world: World) => {
    const run = await newExecution(world)
    const status = acceptedStatus(run, "a → b")
    await ok(world.cluster.writeStatus(run, status))
    expect(isDeepStrictEqual((await executionOf(world, "run")).status, status)).toBe(true)
  },

  "refuses a status for a version that is no longer, and changes nothing": async (world: World) => {
    const run = await newExecution(world)
    const first = await ok(world.cluster.writeStatus(run, acceptedStatus(run, "a")))
    const late = world.cluster.writeStatus(run, acceptedStatus(run, "a, b, c"))
    expect(await failure(late)).toMatchObject({ _tag: "Conflict" })
    expect(await executionOf(world, "run")).toEqual(first)
  },

  "refuses a status after the spec was edited": async (world: World) => {
    const run = await newExecution(world)
    await ok(world.objects.patch(resources.executions, run.metadata, { spec: { suspend: true } }))
    expect(await failure(world.cluster.writeStatus(run, { phase: "Failed" }))).toMatchObject({ _tag: "Conflict" })
    expect((await executionOf(world, "run")).metadata.generation).toBe(run.metadata.generation + 1)
  },

  "does not write the status of an execution that is gone": async (world: World) => {
    const run = await newExecution(world)
    await ok(world.objects.delete(resources.executions, run.metadata))
    expect(await failure(world.cluster.writeStatus(run, { phase: "Failed" }))).toMatchObject({ _tag: "NotFound" })
  },

  "sends only the fields of a status that changed": async (world: World) => {
    const run = await newExecution(world)
    const first = await ok(world.cluster.writeStatus(run, acceptedStatus(run, "a → b")))
    const sent: unknown[] = []
    const recording: ObjectApi = {
      ...world.objects,
      patch: (resource, ref, patch, subresource) => {
        sent.push({ patch, subresource })
        return world.objects.patch(resource, ref, patch, subresource)
      },
    }
    const running = { name: "b", phase: "Running" as const, jobName: "j" }
    const stages = first.status!.stages!.map((stage) => (stage.name === "b" ? running : stage))
    const next = { ...first.status, phase: "Running" as const, summary: "0/2 succeeded, 1 running", stages }
    const written = await ok(makeCluster(recording).writeStatus(first, next))
    expect(sent).toEqual([
      {
        subresource: "status",
        patch: [
          { op: "replace", path: "/metadata/resourceVersion", value: first.metadata.resourceVersion },
          { op: "add", path: "/status/phase", value: "Running" },
          { op: "add", path: "/status/summary", value: "0/2 succeeded, 1 running" },
          { op: "replace", path: "/status/stages/1", value: running },
        ],
      },
    ])
    expect(written.status).toEqual(next)
    expect((await executionOf(world, "run")).status).toEqual(next)
  },

  "removes a field that the next status does not have": async (world: World) => {
    const run = await newExecution(world)
    const status = acceptedStatus(run, "a")
    const first = await ok(world.cluster.writeStatus(run, { ...status, completionTime: now }))
    expect(first.status?.completionTime).toBe(now)
    const written = await ok(world.cluster.writeStatus(first, status))
    expect(written.status).toEqual(status)
  },

  "removes a field of a stage that the next status does not have": async (world: World) => {
    const run = await newExecution(world)
    const status = acceptedStatus(run, "a")
    const stuck = {
      ...status,
      stages: [{ name: "a", phase: "Waiting" as const, reason: "JobForbidden", message: "quota" }],
    }
    const first = await ok(world.cluster.writeStatus(run, stuck))
    expect((await ok(world.cluster.writeStatus(first, status))).status).toEqual(status)
  },

  "makes no new version of a status that is the same": async (world: World) => {
    const run = await newExecution(world)
    const first = await ok(world.cluster.writeStatus(run, acceptedStatus(run, "a")))
    const again = await ok(world.cluster.writeStatus(first, first.status!))
    expect(again).toEqual(first)
  },

  "keeps names that are strange": async (world: World) => {
    const names = ["__proto__", "constructor", "Fünfte Stufe 🥜", "تجربة", 'a "b" \\ c']
    const run = await newExecution(world)
    const stages = names.map((name, index) => ({ name, type: "task", ...(index > 0 && { dependsOn: [names[0]!] }) }))
    const status = acceptedStatus(run, stages)
    expect((await ok(world.cluster.writeStatus(run, status))).status).toEqual(status)
    for (const name of names) {
      const created = await ok(world.cluster.createJob(stageJob(run, name, heldSpec)))
      expect(created.metadata.annotations["pipeline.peanut.dev/stage"]).toBe(name)
    }
    expect((await ok(world.cluster.run(run, allJobs))).jobs.size).toBe(names.length)
  },

  "creates a Job that its execution controls": async (world: World) => {
    const run = await newExecution(world)
    const manifest = stageJob(run, "a", heldSpec)
    const created = await ok(world.cluster.createJob(manifest))
    expect(created.metadata).toMatchObject({
      name: manifest.metadata.name,
      namespace: world.namespace,
      labels: manifest.metadata.labels,
      annotations: manifest.metadata.annotations,
      ownerReferences: [{ uid: run.metadata.uid, controller: true }],
    })
    expect(await jobNames(world, run)).toEqual([manifest.metadata.name])
  },

  "creates a Job once": async (world: World) => {
    const run = await newExecution(world)
    const manifest = stageJob(run, "a", heldSpec)
    const created = await ok(world.cluster.createJob(manifest))
    expect(await failure(world.cluster.createJob(manifest))).toMatchObject({ _tag: "AlreadyExists" })
    const { name } = manifest.metadata
    const kept = await ok(world.cluster.job({ namespace: world.namespace, name }))
    expect(kept.metadata.uid).toBe(created.metadata.uid)
  },

  "is refused an invalid Job, with the reason": async (world: World) => {
    const run = await newExecution(world)
    const manifest = stageJob(run, "a", { ...heldSpec, command: ["true"], image: "" })
    expect(await failure(world.cluster.createJob(manifest))).toMatchObject({
      _tag: "Refused",
      status: 422,
      message: expect.stringContaining("image"),
    })
    expect(await jobNames(world, run)).toEqual([])
  },

  "does not find the namespace of a Job that has none": async (world: World) => {
    const run = await newExecution(world)
    const manifest = stageJob(run, "a", heldSpec)
    const elsewhere = { ...manifest, metadata: { ...manifest.metadata, namespace: `${world.namespace}-ghost` } }
    expect(await failure(world.cluster.createJob(elsewhere))).toMatchObject({ _tag: "NotFound" })
  },

  "counts to a run only what the execution controls, whatever the labels say (I7)": async (world: World) => {
    const run = await newExecution(world)
    const other = await newExecution(world, "other")
    const own = await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    const foreign = stageJob(other, "b", heldSpec)
    const labels = { [executionKey]: executionLabel("run") }
    await ok(world.cluster.createJob({ ...foreign, metadata: { ...foreign.metadata, labels } }))
    await create(world, resources.jobs, "handmade", { metadata: { labels }, spec: foreign.spec }, "batch/v1")
    const { controller: _, ...owner } = executionOwner(run.metadata)
    const owned = { metadata: { labels, ownerReferences: [owner] }, spec: foreign.spec }
    await create(world, resources.jobs, "owned-not-controlled", owned, "batch/v1")
    expect(await jobNames(world, run)).toEqual([own.metadata.name])
  },

  "counts to a run the Job of a running stage that lost its label": async (world: World) => {
    const run = await newExecution(world)
    const job = await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    const running = await recordRunning(world, run, job.metadata.name)
    await ok(world.objects.patch(resources.jobs, job.metadata, { metadata: { labels: { [executionKey]: null } } }))
    expect(await jobNames(world, running)).toEqual([job.metadata.name])
  },

  "does not count to a run another's Job of the name that a stage recorded (I7)": async (world: World) => {
    const run = await newExecution(world)
    const other = await newExecution(world, "other")
    const foreign = await ok(world.cluster.createJob(stageJob(other, "a", heldSpec)))
    expect(await jobNames(world, await recordRunning(world, run, foreign.metadata.name))).toEqual([])
    expect(await jobNames(world, await recordRunning(world, await executionOf(world, "run"), "ghost"))).toEqual([])
  },

  "groups the pods of a run by the Job that controls them": async (world: World) => {
    const run = await newExecution(world)
    const a = await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    const b = await ok(world.cluster.createJob(stageJob(run, "b", heldSpec)))
    const labels = { [executionKey]: executionLabel("run") }
    const pod = (name: string, ...ownerReferences: object[]) =>
      create(world, resources.pods, name, { metadata: { labels, ownerReferences }, spec: idlePod }, "v1")
    await pod("a-1", ownerOf("batch/v1", "Job", a.metadata))
    await pod("a-2", ownerOf("batch/v1", "Job", a.metadata))
    await pod("b-1", ownerOf("batch/v1", "Job", b.metadata))
    await pod("handmade")
    const { pods } = await ok(world.cluster.run(run, allJobs))
    const namesOf = (uid: string) => (pods.get(uid) ?? []).map(({ metadata }) => metadata.name).toSorted()
    expect([namesOf(a.metadata.uid), namesOf(b.metadata.uid)]).toEqual([["a-1", "a-2"], ["b-1"]])
  },

  "reads of a run the Jobs and pods of the stages that run": async (world: World) => {
    const run = await newExecution(world)
    const jobs = new Map<string, { readonly name: string; readonly uid: string }>()
    for (const name of ["a", "b", "c"]) {
      const { metadata } = await ok(world.cluster.createJob(stageJob(run, name, heldSpec)))
      jobs.set(name, metadata)
      const labels = { ...metadata.labels, [executionKey]: executionLabel("run") }
      const owner = { labels, ownerReferences: [ownerOf("batch/v1", "Job", metadata)] }
      await create(world, resources.pods, `${name}-1`, { metadata: owner, spec: idlePod }, "v1")
    }
    const nameOf = (stage: string) => jobs.get(stage)!.name
    const seen = async (execution: Execution) => {
      const { jobs, pods } = await ok(world.cluster.run(execution, runningStages))
      return { jobs: new Set(jobs.keys()), pods: new Set([...pods.values()].flat().map((pod) => pod.metadata.name)) }
    }
    const none = { jobs: new Set(), pods: new Set() }
    expect(await seen(run)).toEqual(none)
    // Of one that runs, the Job is found by its name.
    const one = await recordRunning(world, run, nameOf("a"))
    expect(await seen(one)).toEqual({ jobs: new Set([nameOf("a")]), pods: new Set(["a-1"]) })
    const stages = ["a", "b"].map((name) => ({ name, phase: "Running" as const, jobName: nameOf(name) }))
    const two = await ok(world.cluster.writeStatus(one, { ...acceptedStatus(run, "a, b"), stages }))
    const both = { jobs: new Set([nameOf("a"), nameOf("b")]), pods: new Set(["a-1", "b-1"]) }
    expect(await seen(two)).toEqual(both)
  },

  "shows pods no older than asked, also than a version that nobody has seen": async (world: World) => {
    const run = await newExecution(world)
    const job = await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    const running = await recordRunning(world, run, job.metadata.name)
    const metadata = { labels: job.metadata.labels, ownerReferences: [ownerOf("batch/v1", "Job", job.metadata)] }
    const versions = ["7", "9223372036854775807"]
    for (const name of ["a-1", "a-2", "a-3"]) {
      const pod = await create(world, resources.pods, name, { metadata, spec: idlePod }, "v1")
      versions.push((pod as { readonly metadata: { readonly resourceVersion: string } }).metadata.resourceVersion)
      const { pods } = await ok(world.cluster.run(running, { _tag: "RunningStages", podVersion: versions.at(-1) }))
      expect(pods.get(job.metadata.uid)?.map(({ metadata }) => metadata.name)).toContain(name)
    }
    for (const version of versions) {
      const { jobs, pods } = await ok(world.cluster.run(running, { _tag: "RunningStages", podVersion: version }))
      expect([jobs.size, pods.get(job.metadata.uid)?.length]).toEqual([1, 3])
    }
  },

  "writes of a status what changed, and reads it back whole": async (world: World) => {
    const run = await newExecution(world)
    const accepted = acceptedStatus(run, "a, b, c")
    const first = await ok(world.cluster.writeStatus(run, accepted))
    const running = { name: "b", phase: "Running" as const, jobName: "j", startTime: now }
    const stages = accepted.stages!.map((stage) => (stage.name === "b" ? running : stage))
    const second = await ok(world.cluster.writeStatus(first, { ...accepted, stages, summary: "1 running" }))
    expect(second).toEqual(await executionOf(world, "run"))
    expect(second.status).toMatchObject({ stages, summary: "1 running" })
    const { summary: _, ...rest } = second.status!
    const third = await ok(world.cluster.writeStatus(second, { ...rest, stages: stages.slice(0, 2) }))
    expect(third).toEqual(await executionOf(world, "run"))
    expect(third.status).toEqual({ ...rest, stages: stages.slice(0, 2) })
  },

  "lists executions in outline": async (world: World) => {
    const run = await newExecution(world)
    const ended = { ...acceptedStatus(run, "a, b"), phase: "Succeeded" as const, completionTime: now }
    await ok(world.cluster.writeStatus(run, ended))
    const all = await ok(world.cluster.ended())
    const [own] = all.filter(({ metadata }) => metadata.uid === run.metadata.uid)
    expect(own).toMatchObject({ metadata: { name: "run" }, spec: { pipelineName: "web" } })
    expect(own!.status).toEqual({ phase: "Succeeded", completionTime: now })
  },

  "does not write a status over that of another execution of the same name": async (world: World) => {
    const run = await newExecution(world)
    const status = acceptedStatus(run, "a, b")
    const old = await ok(world.cluster.writeStatus(run, status))
    await ok(world.cluster.deleteExecution(old))
    await newExecution(world)
    const stages = status.stages!.map((stage) => ({ ...stage, phase: "Skipped" as const }))
    expect(await failure(world.cluster.writeStatus(old, { ...status, stages }))).toMatchObject({ _tag: "Conflict" })
  },

  "stops a Job, which stays": async (world: World) => {
    const run = await newExecution(world)
    const job = await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    await ok(world.cluster.stopJob(job))
    await ok(world.cluster.stopJob(job))
    const { name, uid, namespace } = job.metadata
    const stopped = await ok(world.cluster.job({ namespace, name }))
    expect(stopped).toMatchObject({ metadata: { uid }, spec: { activeDeadlineSeconds: 1 } })
  },

  "stops a Job that is gone": async (world: World) => {
    const job = await ok(world.cluster.createJob(stageJob(await newExecution(world), "a", heldSpec)))
    await ok(world.objects.delete(resources.jobs, job.metadata))
    await ok(world.cluster.stopJob(job))
  },

  "lists the executions that have not ended": async (world: World) => {
    for (const phase of ["Pending", "Running", "Succeeded", "Failed", "Cancelled"] as const) {
      const run = await newExecution(world, phase.toLowerCase())
      await ok(world.cluster.writeStatus(run, { phase }))
    }
    await newExecution(world, "new")
    expect(await unfinishedNames(world)).toEqual(["new", "pending", "running"])
  },

  "does not list an execution that is going away": async (world: World) => {
    const metadata = { finalizers: ["peanut.dev/test"] }
    await create(world, resources.executions, "run", { metadata, spec: { pipelineName: "web" } })
    const ref = { namespace: world.namespace, name: "run" }
    await ok(world.objects.delete(resources.executions, ref))
    try {
      expect((await executionOf(world, "run")).metadata.deletionTimestamp).toBeDefined()
      expect(await unfinishedNames(world)).toEqual([])
    } finally {
      await ok(world.objects.patch(resources.executions, ref, { metadata: { finalizers: null } }))
    }
  },

  "lists the executions of one pipeline that have not ended": async (world: World) => {
    for (const phase of ["Pending", "Running", "Succeeded", "Failed", "Cancelled"] as const) {
      const run = await newExecution(world, phase.toLowerCase())
      await ok(world.cluster.writeStatus(run, { phase }))
    }
    await newExecution(world, "new")
    await create(world, resources.executions, "other", { spec: { pipelineName: "else" } })
    const { namespace } = world
    const names = async (name: string) =>
      namesOf(world, (await ok(world.cluster.unfinishedOf({ namespace, name }))).map(refOf))
    expect(await names("web")).toEqual(["new", "pending", "running"])
    expect([await names("else"), await names("none")]).toEqual([["other"], []])
  },

  "cancels an execution, once or more, and one that is gone": async (world: World) => {
    const run = await newExecution(world)
    await ok(world.cluster.cancelExecution(run))
    await ok(world.cluster.cancelExecution(run))
    expect((await executionOf(world, "run")).spec.cancel).toBe(true)
    await ok(world.objects.delete(resources.executions, run.metadata))
    await ok(world.cluster.cancelExecution(run))
  },

  "deletes an execution, but not another of its name": async (world: World) => {
    const run = await newExecution(world)
    await ok(world.cluster.deleteExecution(run))
    await ok(world.cluster.deleteExecution(run))
    const again = await newExecution(world)
    await ok(world.cluster.deleteExecution(run))
    expect((await executionOf(world, "run")).metadata.uid).toBe(again.metadata.uid)
  },

  "lists the executions whose Jobs have not ended, once each, also if they themselves have": async (world: World) => {
    const run = await newExecution(world)
    const ended = await newExecution(world, "ended")
    await newExecution(world, "idle")
    await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    await ok(world.cluster.createJob(stageJob(run, "b", heldSpec)))
    await ok(world.cluster.createJob(stageJob(ended, "a", heldSpec)))
    await ok(world.cluster.writeStatus(ended, { phase: "Cancelled" }))
    const { spec } = stageJob(run, "c", heldSpec)
    const labels = { "app.kubernetes.io/managed-by": "peanut" }
    await create(world, resources.jobs, "handmade", { metadata: { labels }, spec }, "batch/v1")
    expect(namesOf(world, await ok(world.cluster.withRunningJobs()))).toEqual(["ended", "run"])
  },

  "reads on past a malformed execution, which alone is Malformed": async (world: World) => {
    const poisoned = await newExecution(world, "poisoned")
    await newExecution(world, "sound")
    // The snapshot is opaque to the API server, so that anybody who may write a status can write this.
    const status = { phase: "Running", snapshot: { pipelineGeneration: "poison" } }
    await ok(world.objects.patch(resources.executions, poisoned.metadata, { status }, "status"))
    // An outline is what a look at it begins with, which then finds out and tells.
    expect(await unfinishedNames(world)).toEqual(["poisoned", "sound"])
    const ofWeb = await ok(world.cluster.unfinishedOf({ namespace: world.namespace, name: "web" }))
    expect(namesOf(world, ofWeb.map(refOf))).toEqual(["sound"])
    const ref = { namespace: world.namespace, name: "poisoned" }
    expect(await failure(world.cluster.execution(ref))).toMatchObject({
      _tag: "Malformed",
      message: expect.stringContaining("pipelineGeneration"),
    })
  },

  "lists every stage and every pipeline": async (world: World) => {
    await create(world, resources.pipelines, "web", { spec: { stages: graph("a") } })
    await create(world, resources.stages, "task", { spec: { image: "busybox" } })
    expect(namesOf(world, (await ok(world.cluster.pipelines())).map(refOf))).toEqual(["web"])
    await create(world, resources.stages, "unused", { spec: { image: "busybox" } })
    await create(world, resources.stages, "large", {
      spec: { image: "busybox", jobTemplate: { spec: { template: { spec: { note: "x".repeat(600_000) } } } } },
    })
    const stages = await ok(world.cluster.stages(({ name }) => name !== "unused"))
    const own = [...(stages.get(world.namespace) ?? [])].map(([name, stage]) => [name, stage?.spec])
    expect(own.toSorted()).toEqual([
      ["large", undefined],
      ["task", { image: "busybox" }],
      ["unused", undefined],
    ])
  },

  "lists as unfinished what has no status, waits or runs, and as ended what has ended": async (world: World) => {
    await newExecution(world, "new")
    for (const phase of ["Pending", "Running", "Succeeded", "Failed", "Cancelled"] as const) {
      const run = await newExecution(world, phase.toLowerCase())
      await ok(world.cluster.writeStatus(run, { phase, completionTime: now }))
    }
    expect(await unfinishedNames(world)).toEqual(["new", "pending", "running"])
    const ended = (await ok(world.cluster.ended())).map(refOf)
    expect(namesOf(world, ended)).toEqual(["cancelled", "failed", "succeeded"])
  },

  "reads no more of the stages of a pipeline than many times what a run can keep": async (world: World) => {
    // A value takes more memory than bytes of JSON: a third of the limit each, so that the last one is left.
    const args = Array.from({ length: 150_000 }, () => "x")
    for (const name of ["a", "b", "c", "d"]) {
      await create(world, resources.stages, name, {
        spec: { image: "busybox", jobTemplate: { spec: { template: { spec: { args } } } } },
      })
    }
    await create(world, resources.pipelines, "web", {
      spec: { stages: ["a", "b", "c", "d"].map((name) => ({ name, type: name })) },
    })
    const definition = await ok(world.cluster.definition(await newExecution(world)))
    expect([...definition.stages].map(([name, stage]) => [name, stage !== undefined])).toEqual([
      ["a", true],
      ["b", true],
      ["c", true],
      ["d", false],
    ])
    expect(accept(await executionOf(world, "run"), definition, now).conditions).toMatchObject([
      { reason: "PipelineTooLarge" },
    ])
  },

  "refuses the status of a pipeline that was edited meanwhile": async (world: World) => {
    await create(world, resources.pipelines, "web", { spec: { stages: graph("a") } })
    const ref = { namespace: world.namespace, name: "web" }
    const { pipeline } = await ok(world.cluster.pipeline(ref))
    await ok(world.objects.patch(resources.pipelines, ref, { spec: { stages: graph("a, b") } }))
    const late = world.cluster.writePipelineStatus(pipeline, { observedGeneration: 1 })
    expect(await failure(late)).toMatchObject({ _tag: "Conflict" })
    expect((await ok(world.cluster.pipeline(ref))).pipeline.status).toBeUndefined()
  },

  "lists the pipelines that use a stage": async (world: World) => {
    const { namespace } = world
    await create(world, resources.pipelines, "one", { spec: { stages: [...graph("a", "x"), ...graph("b", "task")] } })
    await create(world, resources.pipelines, "two", { spec: { stages: graph("a, b", "task") } })
    await create(world, resources.pipelines, "none", { spec: { stages: graph("task", "other") } })
    const users = await ok(world.cluster.pipelinesOf({ namespace, name: "task" }))
    expect(users.map(({ name }) => name).toSorted()).toEqual(["one", "two"])
    expect(await ok(world.cluster.pipelinesOf({ namespace: `${namespace}-ghost`, name: "task" }))).toEqual([])
  },

  "runs an execution with the longest name there is": async (world: World) => {
    const run = await newExecution(world, "x".repeat(253))
    const twin = await newExecution(world, `${"x".repeat(252)}y`)
    const job = await ok(world.cluster.createJob(stageJob(run, "y".repeat(253), heldSpec)))
    await ok(world.cluster.createJob(stageJob(twin, "y".repeat(253), heldSpec)))
    expect(await jobNames(world, run)).toEqual([job.metadata.name])
    expect(job.metadata.annotations[executionKey]).toBe(run.metadata.name)
  },

  "collects the Jobs of an execution that is deleted, in time": async (world: World) => {
    const run = await newExecution(world)
    const other = await newExecution(world, "other")
    const job = await ok(world.cluster.createJob(stageJob(run, "a", heldSpec)))
    const kept = await ok(world.cluster.createJob(stageJob(other, "a", heldSpec)))
    await ok(world.objects.delete(resources.executions, run.metadata))
    const find = Effect.result(world.cluster.job(job.metadata))
    await expect.poll(async () => (await ok(find))._tag, { timeout: 60_000, interval: 100 }).toBe("Failure")
    expect((await ok(world.cluster.job(kept.metadata))).metadata.uid).toBe(kept.metadata.uid)
  },
}

const quiet = <A, E>(effect: Effect.Effect<A, E>) => Effect.provide(effect, Logger.layer([]))
const ok = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(quiet(effect))
const failure = <A, E>(effect: Effect.Effect<A, E>): Promise<E> => Effect.runPromise(quiet(Effect.flip(effect)))

/** A stage whose Job no Job controller touches: what happens to it is up to the test. */
const heldSpec = { image: "busybox", jobTemplate: { spec: { suspend: true, managedBy: "peanut.dev/test" } } }
/** A pod that no scheduler takes. */
const idlePod = { containers: [{ name: "stage", image: "busybox" }], schedulerName: "nobody", restartPolicy: "Never" }

async function create(
  { objects, namespace }: World,
  resource: Resource,
  name: string,
  { metadata, ...rest }: { readonly metadata?: object; readonly [field: string]: unknown },
  version: string = apiVersion,
): Promise<unknown> {
  const object = { apiVersion: version, kind: resource.kind, metadata: { ...metadata, name, namespace }, ...rest }
  return ok(objects.create(resource, namespace, object))
}

const executionOf = ({ cluster, namespace }: World, name: string) => ok(cluster.execution({ namespace, name }))

async function newExecution(world: World, name = "run"): Promise<Execution> {
  await create(world, resources.executions, name, { spec: { pipelineName: "web" } })
  return executionOf(world, name)
}

/** The status with which a run of these stages begins. */
function acceptedStatus(run: Execution, stages: string | PipelineStage[]) {
  const { metadata } = run
  const spec = { stages: typeof stages === "string" ? graph(stages) : stages }
  const task = { metadata, spec: { image: "busybox" } }
  return accept(run, { pipeline: { metadata, spec }, stages: new Map([["task", task]]) }, now)
}

/** The execution once its stage `a` is recorded as running in this Job. */
function recordRunning({ cluster }: World, run: Execution, jobName: string): Promise<Execution> {
  const stages = [{ name: "a", phase: "Running" as const, jobName }]
  return ok(cluster.writeStatus(run, { ...acceptedStatus(run, "a"), stages }))
}

async function jobNames({ cluster }: World, run: Execution): Promise<string[]> {
  return [...(await ok(cluster.run(run, allJobs))).jobs.keys()]
}

async function unfinishedNames(world: World): Promise<string[]> {
  return namesOf(world, await ok(world.cluster.unfinished()))
}

const refOf = ({ metadata: { namespace, name } }: { readonly metadata: Ref }): Ref => ({ namespace, name })

/** Of all that was found, what is in the namespace of this test. */
function namesOf({ namespace }: World, refs: readonly Ref[]): string[] {
  return refs.flatMap((ref) => (ref.namespace === namespace ? [ref.name] : [])).toSorted()
}
