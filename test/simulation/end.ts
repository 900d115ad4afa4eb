// How every case ends: the faults stop, all that was begun goes on to its end, all events are lost. Then only Jobs end and
// resyncs come, until nothing more happens; and at last everything that was ever said is said again.

import { resources } from "../../src/cluster/object-api.ts"
import { targetOf } from "../../src/events/target.ts"
import { resync } from "./course.ts"
import { endJobs, unfinishedJobs } from "./job-controller.ts"
import { type Delivery, fairWeather, type World } from "./world.ts"

/** More rounds than any graph is deep. */
const mostRounds = 12

export function end(world: World): void {
  stopFaults(world)
  takeResync(world)
  for (let round = 1; world.violation === undefined && unfinishedJobs(world).length > 0; round++) {
    if (round > mostRounds) world.violate("I5", `Jobs are still being started after ${mostRounds} rounds`)
    world.say(`all Jobs end (round ${round})`)
    endJobs(world)
    takeResync(world)
  }
  if (world.violation !== undefined) return
  world.resynced(true)
  if (world.violation === undefined) replay(world)
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
function replay(world: World): void {
  world.say("every event comes again")
  const distinct = new Map<string, Delivery>([["resync", resync]])
  for (const delivery of world.emitted) distinct.set(JSON.stringify(targetOf(delivery.event())), delivery)
  for (const delivery of distinct.values()) {
    world.passTime(3600)
    const told = world.history.length
    const handling = world.deliver(delivery, world.replicas[0]!)
    world.settle(handling)
    world.replayed(handling)
    if (world.violation !== undefined) return
    // What came again in vain is not worth telling.
    world.history.length = told
  }
}
