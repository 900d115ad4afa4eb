// A fixed set of runs, each told in rounds: something happens, the controller handles what it is told of it. Whatever
// goes wrong on the way, every one of them must come to the same end.

import type { ExecutionSpec } from "../../src/api/execution.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { start } from "../../src/controller/start.ts"
import { startedExecution } from "../../src/resources/execution.ts"
import { graph } from "../builders/graph.ts"
import { namespace, taskSpec } from "../builders/objects.ts"
import { arrange, World } from "./world.ts"

export interface Story {
  readonly name: string
  readonly arrange: () => World
  /** What happens, round by round; the first round is what was arranged. */
  readonly rounds: readonly ((world: World) => void)[]
  /** How the first round begins, where it is not by the events of what was arranged. */
  readonly begin?: () => ReturnType<typeof start>
  /** How it ends where nothing goes wrong: the state of the run, or whether the pipeline is valid. */
  readonly end: string
}

const nothing = () => {}
const finish = (jobs: string) => (world: World) => world.finish(jobs)
const edit = (spec: Partial<ExecutionSpec>) => (world: World) => world.edit(spec)
const run = (stages: string) => () => arrange(stages)

const startingEvent = { id: "42", source: "/git/push", type: "com.example.push" }
const started = startedExecution({ pipeline: { namespace, name: "web" }, event: startingEvent }).metadata.name

export const stories: readonly Story[] = [
  {
    name: "a single stage",
    arrange: run("a"),
    rounds: [nothing, finish("a Complete")],
    end: "Succeeded: a Succeeded",
  },
  {
    name: "a chain",
    arrange: run("a → b → c"),
    rounds: [nothing, finish("a Complete"), finish("b Complete"), finish("c Complete")],
    end: "Succeeded: a Succeeded, b Succeeded, c Succeeded",
  },
  {
    name: "a diamond",
    arrange: run("a → b → d, a → c → d"),
    rounds: [nothing, finish("a Complete"), finish("b Complete, c Complete"), finish("d Complete")],
    end: "Succeeded: a Succeeded, b Succeeded, d Succeeded, c Succeeded",
  },
  {
    name: "a fan-out and a fan-in",
    arrange: run("a → b → f, a → c → f, a → d → f, a → e → f"),
    rounds: [
      nothing,
      finish("a Complete"),
      finish("b Complete, e Complete"),
      finish("c Complete, d Complete"),
      finish("f Complete"),
    ],
    end: "Succeeded: a Succeeded, b Succeeded, f Succeeded, c Succeeded, d Succeeded, e Succeeded",
  },
  {
    name: "a stage that fails, with a branch that goes on",
    arrange: run("a → b, a → c → e, d"),
    rounds: [nothing, finish("a Complete"), finish("b Complete, c Failed"), finish("d Complete")],
    end: "Failed: a Succeeded, b Succeeded, c Failed, e Skipped, d Succeeded",
  },
  {
    name: "stages that are handed on by their pods",
    arrange: run("a → b → c"),
    rounds: [
      nothing,
      (world) => world.succeedPod("a"),
      (world) => {
        world.finish("a Complete")
        world.succeedPod("b")
      },
      (world) => world.succeedPod("c"),
      finish("b Complete, c Complete"),
    ],
    end: "Succeeded: a Succeeded, b Succeeded, c Succeeded",
  },
  {
    name: "a run that is cancelled",
    arrange: run("a → b → d, a → c"),
    rounds: [nothing, finish("a Complete"), edit({ cancel: true }), finish("b Failed, c Failed")],
    end: "Cancelled: a Succeeded, b Cancelled, d Cancelled, c Cancelled",
  },
  {
    name: "a run that is suspended and resumed",
    arrange: run("a → b, c"),
    rounds: [
      nothing,
      edit({ suspend: true }),
      finish("a Complete"),
      edit({ suspend: false }),
      finish("b Complete, c Complete"),
    ],
    end: "Succeeded: a Succeeded, b Succeeded, c Succeeded",
  },
  {
    name: "a Job that is deleted while it runs",
    arrange: run("a → b, c"),
    rounds: [nothing, (world) => world.store.delete(resources.jobs, world.jobOf("a").metadata), finish("c Complete")],
    end: "Failed: a Failed, b Skipped, c Succeeded",
  },
  {
    name: "a pipeline that is not valid",
    arrange: run("a → b → a"),
    rounds: [nothing],
    end: "Failed: ",
  },
  {
    name: "a pipeline that is not there",
    arrange: () => {
      const world = new World()
      world.execution()
      return world
    },
    rounds: [nothing],
    end: "Failed: ",
  },
  {
    name: "a run that an event starts",
    arrange: () => {
      const world = new World()
      world.stage()
      world.pipeline("a → b")
      world.openToEvents()
      return world
    },
    begin: () => start({ namespace, name: "web" }, startingEvent),
    rounds: [nothing, (world) => world.finish("a Complete", started), (world) => world.finish("b Complete", started)],
    end: "Succeeded: a Succeeded, b Succeeded",
  },
  {
    name: "a pipeline with mistakes that are mended",
    arrange: () => {
      const world = new World()
      world.pipeline("a → b → a")
      return world
    },
    rounds: [
      nothing,
      (world) => world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { stages: graph("a") } }),
      (world) => world.stage("task", taskSpec),
    ],
    end: "Valid",
  },
]
