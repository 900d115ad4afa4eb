// Every example is run as its first comment says, by the real program, and ends as stated here. Those that need a cluster
// are only validated; test/integration/features-examples.test.ts runs them.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { peanut, root, stagesIn } from "./cli/run-peanut.ts"

const folder = join(root, "examples")
const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"))
const read = (file: string) => readFileSync(join(folder, file), "utf8")

/** The commands in the comment with which an example begins; they are indented by two more. */
const commandsOf = (file: string) =>
  read(file)
    .split(/^(?!#)/m)[0]!
    .split("\n")
    .flatMap((line) => /^# {3}((?:peanut|kubectl) .*)$/.exec(line)?.[1] ?? [])

const failed = "Failed BackoffLimitExceeded"

/** How the run ends that the first command of each comment starts; stages as `Phase Reason`. */
const ends: Readonly<Record<string, { phase: string; stages: Readonly<Record<string, string>>; says?: string[] }>> = {
  "params-and-outputs.yaml": {
    phase: "Succeeded",
    stages: { Build: "Succeeded", Deploy: "Succeeded" },
    says: ["Deploy | deploying registry.example.com/web:1.3 to staging"],
  },
  "when.yaml": {
    phase: "Succeeded",
    stages: {
      Changes: "Succeeded",
      "Build the docs": "Succeeded",
      Migrate: "Skipped WhenFalse",
      "Purge the cache": "Succeeded",
      Done: "Succeeded",
    },
  },
  "trigger-rule.yaml": {
    phase: "Failed",
    stages: {
      Test: failed,
      Deploy: "Skipped ParentFailed",
      "Notify the team": "Succeeded",
      "Publish the report": "Succeeded",
    },
  },
  "on-failure-ignore.yaml": { phase: "Succeeded", stages: { Lint: failed, Build: "Succeeded" } },
  "finally.yaml": {
    phase: "Failed",
    stages: {
      "Create an environment": "Succeeded",
      Test: failed,
      "Remove the environment": "Succeeded",
      Report: "Succeeded",
    },
    says: ["Remove the environment | removing test-17", "Report | finally-1: Failed"],
  },
  "retries-and-timeout.yaml": {
    phase: "Succeeded",
    stages: { Download: failed, Compute: "Failed DeadlineExceeded" },
    says: ["Download | the server does not answer\n", "exit code 1 (Job has reached the specified backoff limit)"],
  },
  "run-timeout.yaml": {
    phase: "Failed",
    stages: { Compute: "Failed ExecutionTimeout", Publish: "Skipped ExecutionTimeout", "Clean up": "Succeeded" },
    says: ["Clean up | cleaning up", "the run took longer than its timeout of 2s"],
  },
  "fail-fast.yaml": {
    phase: "Failed",
    stages: { "Quick test": failed, "Long test": "Cancelled FailFast", Report: "Skipped FailFast" },
  },
  "matrix.yaml": {
    phase: "Succeeded",
    stages: { Test: "Succeeded", Release: "Succeeded" },
    says: [
      "Test (os=linux, node=22) | testing everything with Node.js 22 on linux",
      "Test (os=windows, node=24) | testing everything with Node.js 24 on windows",
    ],
  },
  "max-parallel.yaml": {
    phase: "Succeeded",
    stages: { "With the database": "Succeeded", Units: "Succeeded", Lint: "Succeeded" },
    says: ["With the database (suite=users) | testing users", "Lint | testing lint"],
  },
  "approval.yaml": { phase: "Succeeded", stages: { Build: "Succeeded", Deploy: "Succeeded" } },
  "ci.yaml": {
    phase: "Succeeded",
    stages: {
      Lint: "Succeeded",
      Types: "Succeeded",
      "Unit tests": "Succeeded",
      Build: "Succeeded",
      "Deploy to staging": "Succeeded",
      "Browser tests": "Succeeded",
      "Deploy to production": "Succeeded",
      "Tell the team": "Skipped NoneFailed",
      "Set the commit status": "Succeeded",
    },
    says: [
      "Browser tests (browser=webkit) | visiting https://staging.example.com with webkit",
      "Deploy to production | deploying registry.example.com/shop:4f2c1d9 to www",
      "Set the commit status | 4f2c1d9: Succeeded",
    ],
  },
  "etl.yaml": {
    phase: "Succeeded",
    stages: {
      Plan: "Succeeded",
      Extract: "Succeeded",
      Transform: "Succeeded",
      Publish: "Succeeded",
      "Monthly totals": "Skipped WhenFalse",
      "Drop the staging table": "Succeeded",
    },
    says: [
      "Extract (region=ap-south) | copying day=2026-02-28 of ap-south to staging_20260228",
      "Publish | publish 81234 rows",
      "Drop the staging table | drop staging_20260228",
    ],
  },
}

/** Their comments begin with kubectl. */
const onCluster = [
  "concurrency-queue.yaml",
  "history-and-ttl.yaml",
  "rerun.yaml",
  "schedule.yaml",
  "secrets.yaml",
  "suspend-and-cancel.yaml",
]

describe("examples/", () => {
  it("has no mistakes, all files together, and no object twice", async () => {
    const { code, stdout, stderr } = await peanut(["validate", "examples"]).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain("no mistakes")
  })

  it("is run as a whole, here or on a cluster", () => {
    expect(files.toSorted()).toEqual([...Object.keys(ends), ...onCluster].toSorted())
    for (const file of onCluster) expect(commandsOf(file)[0]).toMatch(/^kubectl /)
  })

  it("is listed in its README, each file with how it is run", () => {
    const listed = [...read("README.md").matchAll(/^\| \[.*?\]\((.*?)\) \| .* \| (`peanut run`|a cluster).* \|$/gm)]
    const expected = files.map((file) => [file, file in ends ? "`peanut run`" : "a cluster"])
    const others = listed.filter(([, file]) => file !== "trigger/trigger.yaml")
    expect(others.map(([, file, how]) => [file, how]).toSorted()).toEqual(expected.toSorted())
  })
})

describe.concurrent("the example", () => {
  it.each(Object.entries(ends))("%s ends as it should", async (file, { phase, stages, says = [] }) => {
    const [command = ""] = commandsOf(file)
    expect(command).toMatch(new RegExp(`^peanut run examples/${file}( |$)`))
    const { code, stdout, stderr } = await peanut([...wordsOf(command).slice(1), "-o", "json"]).ended
    expect(stderr).not.toMatch(/error/i)
    const ended = Object.entries(stagesIn(stdout)).map(([name, { phase, reason }]) => [
      name,
      reason === undefined ? phase : `${phase} ${reason}`,
    ])
    expect(Object.fromEntries(ended)).toEqual(stages)
    expect(JSON.parse(stdout).status.phase).toBe(phase)
    expect(code).toBe(phase === "Succeeded" ? 0 : 1)
    for (const words of says) expect(stderr).toContain(words)
  })

  it("ci.yaml deploys nothing of another branch", async () => {
    const { stdout } = await peanut([
      ...["run", "examples/ci.yaml", "--param", "branch=fix-typo", "--approve-all", "-o", "json"],
    ]).ended
    expect(stagesIn(stdout)["Deploy to production"]).toMatchObject({ phase: "Skipped", reason: "WhenFalse" })
    expect(stagesIn(stdout)["Tell the team"]).toMatchObject({ phase: "Skipped", reason: "NoneFailed" })
  })

  it("etl.yaml computes the totals on the first of a month", async () => {
    const { stdout } = await peanut(["run", "examples/etl.yaml", "--param", "day=2026-03-01", "-o", "json"]).ended
    expect(stagesIn(stdout)["Monthly totals"]).toMatchObject({ phase: "Succeeded" })
  })

  it("when.yaml purges no cache on staging", async () => {
    const { stdout } = await peanut(["run", "examples/when.yaml", "-o", "json"]).ended
    expect(stagesIn(stdout)["Purge the cache"]).toMatchObject({ phase: "Skipped", reason: "WhenFalse" })
    expect(stagesIn(stdout).Done).toMatchObject({ phase: "Succeeded" })
  })
})

/** A command line's words; double quotes are all that the comments use. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}
