// A cluster in memory, up to three replicas of Peanut beside it, and the wires between them. Nothing in it happens by
// itself: the ordinary course and the faults move it, one choice after the other.

import type { CloudEventV1 } from "cloudevents"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { timestamp } from "../../src/api/meta.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { type Change, Store, type StoredObject } from "../../src/cluster/memory/store.ts"
import { resources, Unavailable } from "../../src/cluster/object-api.ts"
import { eventTypes } from "../../src/events/target.ts"
import { executionKey } from "../../src/resources/labels.ts"
import { refused } from "../builders/refused.ts"
import { invariants, type Judge } from "./invariants.ts"
import { known } from "./known.ts"
import { createdFor, type ExecutionFacts, Ledger } from "./ledger.ts"
import { Past } from "./past.ts"
import type { Plan } from "./plan.ts"
import { begin, type Handling, type Host, newProcess, type Replica, type Waiting } from "./replica.ts"
import { Turns } from "./turns.ts"
import { wordsOfCall, wordsOfChange, wordsOfStatus } from "./words.ts"

export const namespace = "team"

/** An event on its way. */
export interface Delivery {
  readonly words: string
  readonly event: () => CloudEventV1<unknown>
  /** How often it may still be repeated when it is answered with 503 or not at all. */
  readonly repeats: number
}

/** What is wrong for a while. */
export interface Weather {
  /** Job creations are refused: over quota; by an admission webhook. */
  isOverQuota: boolean
  isDenied: boolean
  /** Somebody else writes every execution just before Peanut does. */
  isCrowded: boolean
  isAdapterDown: boolean
  /** Kubernetes Events are refused, or never answered. */
  announcements: "taken" | "refused" | "unanswered"
}
export const fairWeather: Weather = {
  isOverQuota: false,
  isDenied: false,
  isCrowded: false,
  isAdapterDown: false,
  announcements: "taken",
}

export interface Violation {
  readonly invariant: string
  readonly message: string
}

export class World implements Host {
  readonly namespace = namespace
  readonly plan: Plan
  readonly scheduler = new Turns()
  readonly store: Store
  readonly ledger: Ledger
  readonly replicas: Replica[]
  readonly history: string[] = []
  readonly emitted: Delivery[] = []
  readonly weather: Weather = { ...fairWeather }
  events: Delivery[] = []
  handlings: Handling[] = []
  waiting: Waiting[] = []
  /** Calls of the dead that the API server has yet to carry out. */
  late: Waiting[] = []
  seconds = 0
  /** How far ahead the clock of a replica ever was. */
  mostSkewSeconds = 0
  violation: Violation | undefined
  /** Names of the known violations that were met. */
  readonly known: string[] = []
  #handled = 0
  readonly #deliveries = new Map<Handling, Delivery>()
  #sleepers: { readonly handling: Handling; readonly until: number; readonly wake: () => void }[] = []
  #actor: Handling | undefined
  readonly #judges: readonly Judge[]
  readonly #past: Past

  constructor(plan: Plan) {
    this.plan = plan
    let uids = 0
    this.store = new Store({ now: () => timestamp(this.millis()), newUid: () => `uid-${++uids}` })
    this.#past = new Past(this.store)
    this.replicas = Array.from({ length: plan.replicas }, (_, index) => ({
      name: `replica ${index + 1}`,
      clockSkewSeconds: 0,
      process: newProcess(),
    }))
    this.#judges = invariants.map(({ id, judge }) => judge((message) => this.violate(id, message)))
    this.ledger = new Ledger(plan.outputs, () => this.millis() + this.mostSkewSeconds * 1000, {
      jobCreated: (job, by) => this.#ask((judge) => judge.jobCreated?.(job, by, this.ledger)),
      statusWritten: (execution, before, after) => {
        this.say(`   ${execution.name} is now ${wordsOfStatus(after)}`)
        this.#ask((judge) => judge.statusWritten?.(execution, before, after, this.ledger))
      },
      claimed: (pipeline, execution, by) => this.#ask((judge) => judge.claimed?.(pipeline, execution, by, this.ledger)),
      executionDeleted: (execution, by) => this.#ask((judge) => judge.executionDeleted?.(execution, by, this.ledger)),
    })
    this.store.onChange((change) => this.#changed(change))
  }

  millis(): number {
    return Date.UTC(2026, 0, 1) + this.seconds * 1000
  }

  say(words: string): void {
    this.history.push(words)
  }

  // Events

  /** Hands an event to a replica, which begins to handle it. */
  deliver(delivery: Delivery, replica: Replica): Handling {
    const number = ++this.#handled
    const words = delivery.words
    const handling: Handling = { number, replica, words, calls: [], reads: new Map(), seen: new Map(), races: 0 }
    this.say(`${replica.name} takes: ${delivery.words}`)
    this.handlings.push(handling)
    this.#deliveries.set(handling, delivery)
    begin(this, this.#past.seenBy(number, storeApi(this.store)), handling, delivery.event())
    this.scheduler.run()
    this.#clear()
    return handling
  }

  // Calls

  park(waiting: Waiting): void {
    const { call, handling } = waiting
    handling.calls.push(call)
    this.#ask((judge) => judge.called?.(call, handling, this.store, this.ledger))
    if (call.resource !== resources.events) return void this.waiting.push(waiting)
    if (this.weather.announcements === "unanswered") return
    const forbidden = Exit.fail(refused(403, "events are forbidden"))
    waiting.resume(this.weather.announcements === "refused" ? forbidden : waiting.commit())
  }

  /** The API server carries a call out; the answer is on its way. */
  commit(waiting: Waiting): void {
    const { call, handling } = waiting
    if (call.verb === "patch" && call.resource === resources.executions && this.weather.isCrowded) this.touch(call.name)
    this.#actor = handling
    waiting.answer = this.#obstacle(waiting) ?? waiting.commit()
    this.#actor = undefined
    this.#note(waiting)
    if (call.verb !== "get" && call.verb !== "list") {
      const outcome = Exit.isSuccess(waiting.answer) ? "" : ` → ${errorOf(waiting.answer)}`
      this.say(`   ${handling.replica.name} (${handling.number}): ${wordsOfCall(call)}${outcome}`)
    }
  }

  /** A replica hears the answer of a call, or another one. */
  answer(waiting: Waiting, answer = waiting.answer!): void {
    this.waiting = this.waiting.filter((other) => other !== waiting)
    if (answer !== waiting.answer) waiting.handling.races++
    waiting.resume(answer)
    this.scheduler.run()
    this.#clear()
  }

  /** A call goes on by one half. */
  goOn(waiting: Waiting): void {
    if (waiting.answer === undefined) this.commit(waiting)
    else this.answer(waiting)
  }

  /** A handling goes on to its end without a fault; and what it waits for, which another of its replica does. */
  settle(handling: Handling): void {
    while (this.handlings.includes(handling) && this.violation === undefined) {
      const own = this.waiting.find((waiting) => waiting.handling === handling)
      const next = own ?? this.waiting.find((waiting) => waiting.handling.replica === handling.replica)
      if (next !== undefined) this.goOn(next)
      else this.passTime(1)
    }
  }

  /** Everything that was begun goes on to its end. */
  settleAll(): void {
    for (const handling of [...this.handlings]) this.settle(handling)
  }

  /** A replica dies in the middle of all that it does; `arrives` says which calls still reach the API server. */
  crash(replica: Replica, arrives: (waiting: Waiting) => boolean): void {
    const mine = (it: { readonly handling: Handling }) => it.handling.replica === replica
    for (const waiting of this.waiting.filter(mine)) {
      if (waiting.answer === undefined && arrives(waiting)) this.late.push(waiting)
    }
    this.waiting = this.waiting.filter((waiting) => !mine(waiting))
    this.#sleepers = this.#sleepers.filter((sleeper) => !mine(sleeper))
    for (const handling of this.handlings.filter((handling) => handling.replica === replica)) this.#repeat(handling)
    this.handlings = this.handlings.filter((handling) => handling.replica !== replica)
    replica.process = newProcess()
  }

  sleep(handling: Handling, millis: number, wake: () => void): void {
    this.#sleepers.push({ handling, until: this.millis() + millis, wake })
  }

  passTime(seconds: number): void {
    this.seconds += seconds
    const due = this.#sleepers.filter(({ until }) => until <= this.millis())
    this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper))
    for (const { wake } of due) wake()
    this.scheduler.run()
    this.#clear()
  }

  // The world

  readonly find = (resource: (typeof resources)[keyof typeof resources], name: string): StoredObject | undefined => {
    return this.store.list(resource, { namespace }).find(({ metadata }) => metadata.name === name)
  }

  /** Somebody writes a label on an execution, which is then of another version. */
  touch(name: string): void {
    if (this.find(resources.executions, name) === undefined) return
    const labels = { touched: String(this.ledger.time) }
    this.store.patch(resources.executions, { namespace, name }, { metadata: { labels } })
  }

  /** The executions that are there, in the ledger's words. */
  get present(): ExecutionFacts[] {
    return [...this.ledger.executions.values()].filter(({ isGone }) => !isGone)
  }

  violate(invariant: string, message: string): void {
    const violation = { invariant, message }
    const one = known.find((known) => known.is(violation))
    if (one === undefined) this.violation ??= violation
    else this.known.push(one.name)
  }

  /** Faults have stopped, and a resync was handled. */
  resynced(isAtRest: boolean): void {
    this.#ask((judge) => judge.resynced?.(this, isAtRest))
  }

  /** A day has passed, and a resync was handled. */
  cleared(): void {
    this.#ask((judge) => judge.cleared?.(this))
  }

  /** An event came again when nothing had changed. */
  replayed(handling: Handling): void {
    this.#ask((judge) => judge.replayed?.(handling))
  }

  #ask(question: (judge: Judge) => void): void {
    for (const judge of this.#judges) question(judge)
  }

  #changed(change: Change): void {
    this.ledger.record(change, this.#actor)
    if (change.resource === resources.events) return
    const delivery = deliveryOf(change)
    this.emitted.push(delivery)
    if (!this.weather.isAdapterDown) this.events.push(delivery)
  }

  /** What keeps the API server from carrying a call out. */
  #obstacle({ call }: Waiting): Exit.Exit<never, unknown> | undefined {
    if (call.verb !== "create" || call.resource !== resources.jobs) return undefined
    if (this.find(resources.jobs, call.name) !== undefined) return undefined
    if (this.weather.isDenied) {
      refuseForGood(this.ledger, call.body!)
      return Exit.fail(refused(403, 'admission webhook "policy.example.com" denied the request'))
    }
    if (!this.weather.isOverQuota) return undefined
    return Exit.fail(refused(403, "exceeded quota: few, requested: count/jobs.batch=1", call.name))
  }

  /** Takes down what a handling read, and what beat it. */
  #note({ call, handling, answer }: Waiting): void {
    if (Exit.isSuccess(answer!)) {
      const object = answer.value as StoredObject
      if (call.verb === "list") {
        const label = call.selection?.labels?.[executionKey]
        handling.seen.set(
          label === undefined ? call.resource.plural : `${call.resource.plural} of ${label}`,
          this.ledger.time,
        )
      } else if (call.resource === resources.jobs && call.verb === "get") {
        handling.seen.set(`job ${call.name}`, this.ledger.time)
      } else if (call.resource === resources.executions && (call.verb === "get" || "status" in (call.body ?? {}))) {
        handling.reads.set(object.metadata.uid, { object, time: this.ledger.time })
      }
      return
    }
    const error = errorOf(answer!)
    if (error === "AlreadyExists" && call.resource === resources.jobs) {
      const there = this.find(resources.jobs, call.name)
      if (there !== undefined && !this.ledger.jobs.has(there.metadata.uid)) refuseForGood(this.ledger, call.body!)
    }
    if (error !== "AlreadyExists") handling.races++
  }

  /** Takes leave of the handlings that have ended. */
  #clear(): void {
    for (const handling of this.handlings.filter(({ exit }) => exit !== undefined)) {
      this.handlings = this.handlings.filter((other) => other !== handling)
      const error = Exit.isSuccess(handling.exit!) ? undefined : errorOf(handling.exit!)
      const words = { [String(undefined)]: "done (202)", Unavailable: "503", NotTaken: "400" }[String(error)]
      this.say(`   ${handling.replica.name} (${handling.number}): ${words ?? error}`)
      this.#ask((judge) => judge.handled?.(handling, this.ledger))
      if (words === undefined) this.violate("no crash", `handling "${handling.words}" died: ${causeOf(handling.exit!)}`)
      if (error === "Unavailable") this.#repeat(handling)
    }
  }

  #repeat(handling: Handling): void {
    const delivery = this.#deliveries.get(handling)!
    if (delivery.repeats > 0) this.events.push({ ...delivery, repeats: delivery.repeats - 1 })
  }
}

/** As much of the event that Knative sends for a change as the handlers read; the rest takes time to make. */
export function deliveryOf(change: Change): Delivery {
  const event = { type: eventTypes[change.type], data: change.object } as CloudEventV1<unknown>
  return { words: wordsOfChange(change), event: () => event, repeats: 2 }
}

/** The stage whose Job this was to be will rightly have failed. */
function refuseForGood(ledger: Ledger, manifest: object): void {
  const { uid, task } = createdFor(manifest) ?? {}
  if (task !== undefined) ledger.executions.get(uid!)?.refused.add(task)
}

export const timedOut = Exit.fail(new Unavailable({ message: "no answer within 5 seconds" }))

/** The name of the error that an exit carries. */
function errorOf(exit: Exit.Exit<unknown, unknown>): string {
  const error = Exit.findErrorOption(exit)
  return error._tag === "Some" ? ((error.value as { _tag?: string })._tag ?? "an error") : "a defect"
}

function causeOf(exit: Exit.Exit<unknown, unknown>): string {
  return Exit.isSuccess(exit) ? "" : String(Effect.runSync(Effect.flip(Effect.sandbox(exit))))
}
