// schedules: keeps a PingSource for each schedule of a pipeline that is not suspended. Whatever prevents that is told in
// the pipeline's condition Scheduled and by a Kubernetes Event, and stands in the way of nothing else.

import * as Effect from "effect/Effect"
import { controllerUid, type Ref } from "../api/meta.ts"
import type { Pipeline, PipelineSchedule, PipelineStatus } from "../api/pipeline.ts"
import { Cluster, Conflict, type Refused } from "../cluster.ts"
import { isScheduled, scheduledStatus } from "../execution/pipeline-status.ts"
import { findScheduleProblems } from "../execution/problems.ts"
import { kubernetesEvent } from "../resources/kubernetes-event.ts"
import {
  isAsSaid,
  type PingSourceManifest,
  pingSourceName,
  type Service,
  schedulePingSource,
} from "../resources/ping-source.ts"
import { ScheduleSink } from "../schedule-sink.ts"

/**
 * Brings the PingSources of a pipeline into line: the pipeline as it is then, and the status that it should have. One
 * that has no schedules, and had none, costs no call.
 */
export const keepSchedules = Effect.fn("keepSchedules")(function* (
  pipeline: Pipeline,
  status: PipelineStatus,
  now: string,
) {
  const sink = yield* ScheduleSink
  // When the pipeline goes, the garbage collector takes the PingSources along.
  if (sink._tag === "None" || !isScheduled(pipeline) || pipeline.metadata.deletionTimestamp !== undefined) {
    return { pipeline, status }
  }
  const { active, sound, wrong } = sortSchedules(pipeline)
  const kept = pipeline.status?.schedules ?? []
  const known = [...new Set([...kept, ...(sink._tag === "Known" ? sound.map(({ name }) => name) : [])])]
  // Written down first: what a crash leaves behind is found again when its schedule is removed.
  const recorded =
    known.length === kept.length
      ? pipeline
      : yield* (yield* Cluster).writePipelineStatus(pipeline, { ...status, schedules: known })

  const unwanted = known.filter((name) => !sound.some((schedule) => schedule.name === name))
  const removals = yield* Effect.forEach(unwanted, (name) => remove(pipeline, name), { concurrency: 4 })
  const left = removals.flatMap((removal) => removal ?? [])
  const unmade =
    sink._tag === "Known"
      ? yield* Effect.forEach(sound, (schedule) => bring(pipeline, schedule, sink.service), { concurrency: 4 })
      : sound.map(({ name }) => `schedule "${name}" starts nothing: ${sink.why}`)
  const next = scheduledStatus(
    status,
    {
      schedules: known.filter((name) => !unwanted.includes(name) || left.some(({ schedule }) => schedule === name)),
      active: active.length,
      problems: [...wrong, ...unmade.flatMap((problem) => problem ?? []), ...left.map(({ problem }) => problem)],
    },
    now,
  )
  yield* tell(pipeline, next, now)
  return { pipeline: recorded, status: next }
})

/** The schedules that are not suspended: those that can have a PingSource, and what is wrong with the others. */
export function sortSchedules({ metadata, spec }: Pipeline) {
  const active = spec.suspend ? [] : (spec.schedules ?? []).filter(({ suspend }) => !suspend)
  const problems = active.map((schedule) => findScheduleProblems(metadata.name, spec, schedule))
  return { active, sound: active.filter((_, i) => problems[i]!.length === 0), wrong: problems.flat() }
}

/** Creates or changes the PingSource of a schedule; what prevents it, if anything does. */
const bring = Effect.fn("bring")(function* (pipeline: Pipeline, schedule: PipelineSchedule, service: Service) {
  const cluster = yield* Cluster
  const manifest = schedulePingSource(pipeline, schedule, service)
  return yield* findPingSource(manifest.metadata).pipe(
    Effect.flatMap((found) => {
      if (found === undefined) return create(manifest)
      if (controllerUid(found.metadata) !== pipeline.metadata.uid) {
        const name = `a PingSource named ${found.metadata.name} exists that does not belong to this pipeline`
        return Effect.succeed(`${name}; delete it`)
      }
      // It goes away: look again, and make another.
      if (found.metadata.deletionTimestamp !== undefined) return changed(`${found.metadata.name} is being deleted`)
      if (isAsSaid(found, manifest)) return Effect.undefined
      return Effect.as(cluster.changePingSource(found, manifest), undefined)
    }),
    Effect.catchTags({
      NotFound: ({ message }) => changed(message),
      Malformed: ({ message }) => Effect.succeed(message),
      Refused: ({ message }) => Effect.succeed(message),
    }),
    Effect.map((problem) => problem && `schedule "${schedule.name}" starts nothing: ${problem}`),
  )
})

const changed = (message: string) => Effect.fail(new Conflict({ message }))

/** Its kind, too, may not be there: that the API server tells only when one is to be created. */
const create = Effect.fn("create")(function* (manifest: PingSourceManifest) {
  return yield* (yield* Cluster).createPingSource(manifest).pipe(
    Effect.as(undefined),
    Effect.catchTags({
      AlreadyExists: ({ message }) => changed(message),
      NotFound: ({ message }) => Effect.succeed(`PingSource cannot be created, is Knative Eventing there? ${message}`),
    }),
  )
})

/** Deletes the PingSource of a schedule that is no longer wanted; what prevents it, if anything does. */
const remove = (pipeline: Pipeline, schedule: string) => {
  const name = pingSourceName(pipeline.metadata, schedule)
  const kept = ({ message }: Pick<Refused, "message">) =>
    Effect.succeed({ schedule, problem: `schedule "${schedule}" is not wanted, but its PingSource stays: ${message}` })
  return findPingSource({ namespace: pipeline.metadata.namespace, name }).pipe(
    Effect.flatMap((found) =>
      found === undefined || controllerUid(found.metadata) !== pipeline.metadata.uid
        ? Effect.undefined
        : Effect.flatMap(Cluster, (cluster) => Effect.as(cluster.deletePingSource(found), undefined)),
    ),
    Effect.catchTags({ Malformed: kept, Refused: kept }),
  )
}

/** A PingSource, if there is one of that name. */
export const findPingSource = (ref: Ref) =>
  Effect.flatMap(Cluster, (cluster) =>
    cluster.pingSource(ref).pipe(Effect.catchTag("NotFound", () => Effect.undefined)),
  )

/** Tells whoever looks at the pipeline or at the log, once. */
const tell = Effect.fn("tell")(function* ({ metadata, status: before }: Pipeline, after: PipelineStatus, now: string) {
  const conditionOf = (status: PipelineStatus | undefined) =>
    status?.conditions?.find(({ type }) => type === "Scheduled")
  const condition = conditionOf(after)
  if (condition?.status !== "False" || conditionOf(before)?.message === condition.message) return
  const { reason, message } = condition
  yield* Effect.logWarning("schedules start nothing", { error: message })
  const announcement = { type: "Warning", reason, message, key: message } as const
  yield* (yield* Cluster).announce([kubernetesEvent("PeanutPipeline", metadata, announcement, now)])
})
