// Plays the tables of docs/interplay.md: each row is a state of a run, and what the next step makes of it.

import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { ExecutionSpec } from "../../src/api/execution.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { triggerRules } from "../../src/api/stage-entry.ts"
import { accept, isAccepted } from "../../src/execution/accept.ts"
import { expressions } from "../../src/execution/expressions.ts"
import { graph, states, words } from "../builders/graph.ts"
import { execution, meta, stages as noStages, now } from "../builders/objects.ts"
import { observed, type Situation, type Step, step } from "../builders/observed.ts"

const page = readFileSync(new URL("../../docs/interplay.md", import.meta.url), "utf8")

/** The rows of the table that begins with this column, without the code marks. */
function rowsOf(column: string): string[][] {
  const lines = page.split("\n")
  const rows: string[][] = []
  for (
    let line = lines.findIndex((text) => text.startsWith(`| ${column} |`)) + 2;
    lines[line]?.startsWith("|");
    line++
  ) {
    rows.push(
      lines[line]!.split("|")
        .slice(1, -1)
        .map((cell) => cell.replaceAll("`", "").trim()),
    )
  }
  return rows
}

/** Each stage in a few words: `a Succeeded, b starts, c Skipped ParentFailed`. */
function inWords({ status, create }: Step): string {
  const created = new Set(create.map(({ metadata }) => metadata.annotations?.["pipeline.peanut.dev/stage"]))
  return status
    .stages!.map(({ name, phase, reason, combinations }) => {
      const letters = combinations === undefined ? "" : `:${combinations}`
      if (phase === "Waiting" && created.has(name)) return `${name}${letters} starts`
      const isOwn = phase === "Succeeded" || phase === "Running" || reason === "BackoffLimitExceeded"
      return `${name} ${phase}${letters}${isOwn || reason === undefined ? "" : ` ${reason}`}`
    })
    .join(", ")
}

describe("docs/interplay.md, below a stage", () => {
  /** How a parent comes to be what the first column says, in a run that goes on or comes to its end. */
  function situationOf(parents: readonly string[], rule: (typeof triggerRules)[number]): Situation {
    const names = parents.map((_, index) => `p${index}`)
    const kinds = new Set(parents)
    const stages: PipelineStage[] = [
      ...names.map((name, index) => ({
        name,
        type: "task",
        ...(parents[index] === "Failed, onFailure: Ignore" && { onFailure: "Ignore" as const }),
      })),
      { name: "below", type: "task", dependsOn: names, triggerRule: rule },
      // What failed, where that ends the run.
      { name: "x", type: "task" },
    ]
    const recorded = names.map((name, index) => `${name} ${parents[index]!.split(",")[0]!.replace(" ", "/")}`)
    return {
      graph: stages,
      recorded: [...recorded, kinds.has("Skipped FailFast") ? "x Failed" : "x Running"].join(", "),
      jobs: [
        "x Running",
        ...names.flatMap((name, index) => (parents[index] === "Running" ? [`${name} Running`] : [])),
      ].join(", "),
      ...(kinds.has("Cancelled") && { spec: { cancel: true } }),
      snapshot: {
        ...(kinds.has("Skipped FailFast") && { failurePolicy: "FailFast" as const }),
        ...(kinds.has("Skipped ExecutionTimeout") && { timeout: "1s" }),
      },
    }
  }

  const says: Record<string, string> = { runs: "below starts", waits: "below Waiting" }
  const rows = [...rowsOf("The stage above"), ...rowsOf("The stages above")]

  it("has every kind of end, and every pair", () => {
    expect(rows).toHaveLength(8 + 3 + 36)
    expect(new Set(rows.map(([kind]) => kind)).size).toBe(rows.length)
  })

  it.each(rows)("%s: %s, %s, %s", (kinds = "", ...cells) => {
    const parents = words(kinds, " + ")
    const found = triggerRules.map((rule) => {
      const all = inWords(step(observed(situationOf(parents, rule))))
      return /below[^,]*/.exec(all)?.[0]
    })
    expect(found).toEqual(cells.map((cell) => says[cell] ?? `below ${cell}`))
  })

  // In whatever order they stand.
  it.each(rowsOf("The stages above"))("%s, the other way round: %s, %s, %s", (kinds = "", ...cells) => {
    const parents = words(kinds, " + ").toReversed()
    const found = triggerRules.map(
      (rule) => /below[^,]*/.exec(inWords(step(observed(situationOf(parents, rule)))))?.[0],
    )
    expect(found).toEqual(cells.map((cell) => says[cell] ?? `below ${cell}`))
  })
})

describe("docs/interplay.md, who wins", () => {
  const when = { true: "1 == 1", false: "1 == 2", broken: "params.nope == ''" }

  /** `a → b; b when false; finally z; failurePolicy FailFast` */
  function pipelineOf(
    text: string,
  ): Pick<Situation, "graph"> & { readonly snapshot: NonNullable<Situation["snapshot"]> } {
    const [stages = "", ...rest] = words(text, ";")
    const entries = new Map<string, Partial<PipelineStage>>()
    const snapshot: Record<string, unknown> = {}
    let atEnd = ""
    for (const clause of rest) {
      const [subject = "", ...said] = words(clause, " ")
      const [field = "", value = ""] = said
      const one: Record<string, Partial<PipelineStage>> = {
        when: { when: when[value as keyof typeof when] },
        triggerRule: { triggerRule: value as never },
        onFailure: { onFailure: value as never },
        approval: { approval: true },
        matrix: { matrix: [{ name: "n", values: ["1", "2", "3"] }], maxParallel: 1 },
      }
      if (subject === "finally") atEnd = said.join(" ")
      else if (subject === "failurePolicy") snapshot.failurePolicy = field
      else if (subject === "timeout") snapshot.timeout = "1s"
      else if (subject === "maxParallel") snapshot.maxParallel = Number(field)
      else if (one[field] !== undefined) entries.set(subject, { ...entries.get(subject), ...one[field] })
      else throw new Error(`what is "${clause}"?`)
    }
    const withEntries = (list: PipelineStage[]) => list.map((stage) => ({ ...stage, ...entries.get(stage.name) }))
    return {
      graph: withEntries(graph(stages)),
      snapshot: { ...snapshot, ...(atEnd !== "" && { finally: withEntries(graph(atEnd)) }) },
    }
  }

  /** `cancel, approved b` */
  function executionOf(text: string): Partial<ExecutionSpec> {
    return Object.assign(
      {},
      ...words(text, ",").map((one) => {
        const [field = "", name = ""] = words(one, " ")
        if (field === "approved") return { approved: [name] }
        return field === "rerunOf" ? { rerunOf: "first" } : { [field]: true }
      }),
    ) as Partial<ExecutionSpec>
  }

  /** The Jobs of what runs; of a matrix, those that the letters say. */
  function jobsOf(recorded: string): string {
    return [...states(recorded)]
      .flatMap(([name, said]) => {
        const [phase, letters = "R"] = said.split(":")
        if (phase !== "Running") return []
        return [...letters].flatMap((letter, index) => (letter === "R" ? [`${name}#${index} Running`] : []))
      })
      .join(", ")
  }

  const rows = rowsOf("Pipeline")

  it("has many rows, none of them twice", () => {
    expect(rows.length).toBeGreaterThan(75)
    expect(new Set(rows.map((cells) => cells.slice(0, 3).join("|"))).size).toBe(rows.length)
  })

  it.each(rows)(
    "%s | %s | %s: %s, and the run is %s",
    (pipeline = "", said = "", stands = "", then = "", phase = "") => {
      const { rerunOf, ...spec } = executionOf(said)
      const seen = observed({ ...pipelineOf(pipeline), spec, recorded: stands, jobs: jobsOf(stands), expressions })
      if (rerunOf === undefined) {
        const next = step(seen)
        expect([inWords(next), next.status.phase]).toEqual([then, phase])
        return
      }
      const original = { ...seen.execution, metadata: meta(rerunOf) }
      const again = execution({ ...spec, rerunOf })
      const run = { ...again, status: accept(again, { pipeline: undefined, stages: noStages(), original }, now) }
      if (!isAccepted(run)) throw new Error(run.status.conditions?.[0]?.message)
      const next = step({ ...seen, execution: run, jobs: new Map() })
      const told = inWords(next).replaceAll(" TakenOver", "")
      expect([told, next.status.phase]).toEqual([then, phase])
    },
  )
})
