// Remembers every Job that was ever created, from a watch on the real API server: a list would not show a second Job
// of a stage whose first one was deleted.

import { setTimeout as sleep } from "node:timers/promises"
import type { ApiClient } from "../control-plane/api-client.ts"

export interface CreatedJob {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** UID of the execution that controls it. */
  readonly owner: string
  /** Full name of its stage, by annotation. */
  readonly stage: string
}

export interface JobLedger {
  /** In the order of their creation. */
  readonly created: () => readonly CreatedJob[]
  /** Stages that had more than one Job, in words. Throws if the watch lost its place: then nobody knows. */
  readonly doubled: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** Resolves when nothing created from here on is missed. */
export async function startJobLedger(api: ApiClient): Promise<JobLedger> {
  const jobs = new Map<string, CreatedJob>()
  const stopped = new AbortController()
  const list = await api.get<{ metadata: { resourceVersion: string } }>("/apis/batch/v1/jobs?limit=1")
  let version = list.metadata.resourceVersion
  let problem: string | undefined

  const follow = async () => {
    while (!stopped.signal.aborted && problem === undefined) {
      const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${version}`
      const onChange = ({ type, object }: { type: string; object: unknown }) => {
        if (type === "ERROR") {
          problem = `the ledger of Jobs lost its place: ${JSON.stringify(object)}`
          return
        }
        const { metadata } = object as { metadata: JobMetadata }
        version = metadata.resourceVersion
        if (type === "ADDED") jobs.set(metadata.uid, entry(metadata))
      }
      await api.watch(`/apis/batch/v1/jobs?${query}`, onChange, stopped.signal).catch(() => sleep(100))
    }
  }
  const following = follow()

  return {
    created: () => [...jobs.values()],
    doubled: () => {
      if (problem !== undefined) throw new Error(problem)
      const groups = Map.groupBy(jobs.values(), ({ owner, stage }) => `${owner} ${stage}`)
      return [...groups.values()]
        .filter((group) => group.length > 1)
        .map((group) => `stage "${group[0]!.stage}" of ${group[0]!.owner}: ${group.map(({ name }) => name).join(", ")}`)
    },
    stop: async () => {
      stopped.abort()
      await following
    },
  }
}

interface JobMetadata {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[]
}

function entry({ namespace, name, uid, annotations = {}, ownerReferences = [] }: JobMetadata): CreatedJob {
  const owner = ownerReferences.find(({ controller }) => controller)?.uid ?? ""
  return { namespace, name, uid, owner, stage: annotations["pipeline.peanut.dev/stage"] ?? "" }
}
