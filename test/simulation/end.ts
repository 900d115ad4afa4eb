// How every case ends: the faults stop, all that was begun goes on to its end, all events are lost. Then only Jobs end and
// resyncs come, until nothing more happens; and at last everything that was ever said is said again.

import { resources } from "../../src/cluster/object-api.ts"
import { targetOf } from "../../src/events/target.ts"
import { resync } from "./course.ts"
import { endJobs, unfinishedJobs } from "./job-controller.ts"
import { type ExecutionFacts, isUnfinished } from "./ledger.ts"
import { steer } from "./users.ts"
import { type Delivery, fairWeather, type World } from "./world.ts"

/** More rounds than any graph is deep, and those of its queue before it. */
const mostRounds = 60

export function end(world: World): void {
  stopFaults(world)
  settleDown(world)
  if (world.violation === undefined) endAll(world)
  if (world.violation === undefined) clear(world)
  if (world.violation === undefined) replay(world)
}

/** Until nothing more happens by itself; `again` is how often a cancellation may come to light that nobody has seen. */
function settleDown(world: World, again = 3): void {
  takeResync(world)
  for (let round = 1; world.violation === undefined && unfinishedJobs(world).length > 0; round++) {
    if (round > mostRounds) world.violate("I5", `Jobs are still being started after ${mostRounds} rounds`)
    world.say(`all Jobs end (round ${round})`)
    endJobs(world)
    takeResync(world)
  }
  if (world.violation !== undefined) return
  // Who replaces another cancels it; it is the next resync that sees so, where the event of that is lost.
  if (again > 0 && world.ledger.unseenCancellations().length > 0) settleDown(world, again - 1)
  else world.resynced(true)
}

/** What still waits for somebody is let go and cancelled; then nothing may be left that has not ended. */
function endAll(world: World): void {
  const isOpen = ({ object }: ExecutionFacts) => isUnfinished(object)
  if (!world.ledger.sound.some(isOpen)) return
  // What ended in the last one may not be kept, and what began under another policy passes no turn on.
  for (let before = -1, round = 0; before !== world.ledger.time && round < mostRounds; round++) {
    before = world.ledger.time
    settleDown(world)
    if (world.violation !== undefined) return
  }
  replay(world, false)
  if (world.violation !== undefined) return
  const open = world.ledger.sound.filter(isOpen)
  for (const { name } of open) steer(world, name, { suspend: false, cancel: true })
  world.say(`somebody resumes and cancels ${open.map(({ name }) => name).join(", ")}`)
  settleDown(world)
  const left = world.ledger.sound.find(isOpen)
  if (left !== undefined) world.violate("I5", `execution ${left.name} never ends, though it is cancelled`)
}

/** A day later all that is not to be kept must go. */
function clear(world: World): void {
  world.say("a day passes")
  world.passTime(86_400)
  takeResync(world)
  world.cleared()
}

function stopFaults(world: World): void {
  world.say("the faults stop")
  Object.assign(world.weather, fairWeather)
  for (const waiting of world.late.splice(0)) world.commit(waiting)
  world.settleAll()
  // What goes away in the foreground has gone.
  for (const { name, object } of world.present) {
    const { deletionTimestamp } = object.metadata
    if (deletionTimestamp !== undefined) world.store.delete(resources.executions, { namespace: world.namespace, name })
  }
  world.say("all events on their way are lost")
}

function takeResync(world: World): void {
  world.events = []
  world.passTime(60)
  const handling = world.deliver(resync, world.replicas[0]!)
  world.settle(handling)
  world.events = []
  if (handling.exit?._tag === "Failure") world.violate("I5", "a resync failed though the faults had stopped")
  if (world.violation === undefined) world.resynced(false)
}

/** Everything that was ever said is said again; of events that lead to the same place, one is enough. */
function replay(world: World, withTime = true): void {
  world.say("every event comes again")
  const isPerishable = world.ledger.sound.some(({ object }) => object.spec.ttlSecondsAfterFinished !== undefined)
  const distinct = new Map<string, Delivery>(withTime || !isPerishable ? [["resync", resync]] : [])
  for (const delivery of world.emitted) distinct.set(JSON.stringify(targetOf(delivery.event())), delivery)
  for (const delivery of distinct.values()) {
    // Where time passes, that of some executions may be up.
    if (withTime) world.passTime(3600)
    const told = world.history.length
    const handling = world.deliver(delivery, world.replicas[0]!)
    world.settle(handling)
    world.replayed(handling)
    if (world.violation !== undefined) return
    // What came again in vain is not worth telling.
    world.history.length = told
  }
}
