// maxParallel: of a pipeline, how many Jobs of one execution run at once; of a stage, how many of its matrix do.

import type { PipelineStage } from "../../api/pipeline.ts"
import type { Task } from "../tasks.ts"

/** Hands out places for Jobs to stages in their order, as far as there are any. */
export class Places {
  #free: number

  constructor(limit: number | undefined, running: number) {
    this.#free = (limit ?? Number.POSITIVE_INFINITY) - running
  }

  /** The tasks of this stage that may start now. */
  take({ maxParallel }: Pick<PipelineStage, "maxParallel">, tasks: readonly Task[]): readonly Task[] {
    const running = tasks.filter(({ state }) => state === "Running").length
    const ready = tasks.filter(
      ({ state, work, refusal }) => state === "Waiting" && work === undefined && refusal === undefined,
    )
    // What refused one of them, such as a quota, would refuse the others too.
    if (tasks.some(({ work, refusal }) => work === undefined && refusal?.isFinal === false)) return []
    const own = (maxParallel ?? Number.POSITIVE_INFINITY) - running
    const taken = ready.slice(0, Math.max(0, Math.min(own, this.#free)))
    this.#free -= taken.length
    return taken
  }
}
