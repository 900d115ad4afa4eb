// Effect's scheduler, by hand: fibers take their turns when the simulation says so, in the order in which they asked, so
// that a case runs without a promise or a timer and the same way each time.

import type { Scheduler, SchedulerDispatcher } from "effect/Scheduler"

export class Turns implements Scheduler {
  readonly executionMode = "sync"
  readonly #tasks: (() => void)[] = []
  readonly #dispatcher: SchedulerDispatcher = {
    scheduleTask: (task) => void this.#tasks.push(task),
    flush: () => this.run(),
  }

  shouldYield(fiber: { readonly currentOpCount: number }): boolean {
    return fiber.currentOpCount >= 2048
  }

  makeDispatcher(): SchedulerDispatcher {
    return this.#dispatcher
  }

  /** Until every fiber waits for something or has ended. */
  run(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task()
  }
}
