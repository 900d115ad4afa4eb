import { readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import {
  documents,
  type Ended,
  folder,
  newMarker,
  peanut,
  processesWith,
  root,
  runSteps,
  stagesIn,
  start,
  yaml,
} from "../run-peanut.ts"

describe.concurrent("peanut run reads", () => {
  const [task, other, pipeline, execution] = documents({
    a: { sh: "echo from a" },
    b: { sh: "echo from b", after: ["a"] },
  })

  it("documents from files, directories and standard input together", async () => {
    const path = folder({
      "stages.yaml": yaml([task!, other!]),
      "one.json": JSON.stringify(pipeline),
      "notes.txt": "{",
    })
    const args = ["run", join(path, "stages.yaml"), path, "-"]
    const { code, stdout } = await peanut(args, { input: yaml([execution!]) }).ended
    expect(stdout).toContain("Succeeded in")
    expect(code).toBe(0)
  })

  it("a pipeline that no execution names, by --pipeline", async () => {
    const input = yaml([task!, other!, pipeline!])
    const { code, stdout } = await peanut(["run", "-", "--pipeline", "web", "-o", "json"], { input }).ended
    expect(JSON.parse(stdout)).toMatchObject({ kind: "PeanutPipelineExecution", metadata: { name: "web-run" } })
    expect(code).toBe(0)
  })

  it("the execution that --execution names, of several", async () => {
    const input = yaml([
      ...documents({ a: { sh: "exit 3" } }, "sh", "bad"),
      ...documents({ a: { sh: "true" } }, "sh", "good"),
    ])
    const { code, stdout } = await peanut(["run", "-", "--execution", "good-1"], { input }).ended
    expect(stdout).toContain("pipeline good, execution good-1: 1 stage as processes of this machine")
    expect(code).toBe(0)
  })
})

describe.concurrent("peanut refuses with exit code 2 and a word on standard error", () => {
  const cases: readonly [string, readonly string[], string][] = [
    ["no arguments", [], "Play a pipeline on this machine"],
    ["an unknown subcommand", ["rum"], 'Unknown subcommand "rum"'],
    ["no file", ["run"], "Missing required argument: path"],
    ["an unknown flag", ["run", "--verbose", "-"], "Unrecognized flag: --verbose"],
    ["a runner that there is not", ["run", "--runner", "vm", "-"], "Invalid value for flag --runner"],
    ["a file that is not there", ["run", "/nowhere.yaml"], "/nowhere.yaml: there is no such file or directory"],
    ["manifests with a mistake", ["run", "-"], '<stdin>:1: PeanutPipeline "web": stage "a" depends on itself'],
  ]
  it.each(cases)("for %s", async (_, args, words) => {
    const { pipeline } = { pipeline: documents({ a: { sh: "true", after: ["a"] } })[1]! }
    const { code, stdout, stderr } = await peanut(args, { input: yaml([pipeline]) }).ended
    expect(stderr).toContain(words)
    expect(stderr).not.toContain("    at ")
    expect(stdout).toBe("")
    expect(code).toBe(2)
  })
})

describe.concurrent("peanut run says", () => {
  it("a line for each change, the output of each stage, a table, and why what did not succeed", async () => {
    const { code, stdout, stderr } = await runSteps({
      Build: { sh: "echo one; echo two >&2; printf three" },
      Test: { sh: "exit 3", after: ["Build"] },
      Ship: { sh: "true", after: ["Test"] },
    })
    const timeless = stdout.replace(/\d+\.\ds/g, "0.0s")
    expect(timeless.split("\n").filter((line) => !line.startsWith("Build |"))).toEqual([
      "pipeline web, execution web-1: 3 stages as processes of this machine (images are not used)",
      "[  0.0s] Build: ● Running",
      "[  0.0s] Build: ✔ Succeeded (0.0s)",
      "[  0.0s] Test: ● Running",
      "[  0.0s] Test: ✖ Failed (0.0s, exit code 3 (Job has reached the specified backoff limit))",
      '[  0.0s] Ship: ↷ Skipped (stage "Test" failed)',
      "STAGE  STATE           TIME",
      "Build  ✔ Succeeded     0.0s",
      "Test   ✖ Failed        0.0s",
      "Ship   ↷ Skipped          -",
      "Failed in 0.0s: 1/3 succeeded, 1 failed, 1 skipped",
      "Test: Failed (BackoffLimitExceeded): exit code 3 (Job has reached the specified backoff limit)",
      'Ship: Skipped (ParentFailed): stage "Test" failed',
      "",
    ])
    expect(
      stdout
        .split("\n")
        .filter((line) => line.startsWith("Build |"))
        .sort(),
    ).toEqual(["Build | one", "Build | three", "Build | two"])
    expect(stderr).toBe("")
    expect(code).toBe(1)
  })

  it("with -o json nothing but the execution on standard output", async () => {
    const { code, stdout, stderr } = await runSteps({ a: { sh: "echo from a" } }, ["-o", "json"])
    const execution = JSON.parse(stdout)
    expect(execution).toMatchObject({
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      metadata: { name: "web-1", namespace: "default", uid: expect.any(String) },
      spec: { pipelineName: "web" },
      status: { phase: "Succeeded", summary: "1/1 succeeded", stages: [{ name: "a", phase: "Succeeded" }] },
    })
    expect(stdout).toBe(`${JSON.stringify(execution, null, 2)}\n`)
    expect(stderr).toContain("a | from a")
    expect(code).toBe(0)
  })

  it("with --quiet nothing of a run that succeeds", async () => {
    expect(await runSteps({ a: { sh: "echo from a" } }, ["--quiet"])).toEqual({ code: 0, stdout: "", stderr: "" })
  })

  it("with --quiet only why a run did not succeed", async () => {
    const { code, stdout, stderr } = await runSteps({ a: { sh: "echo from a; exit 3" } }, ["-q"])
    expect(stderr).toBe("a: Failed (BackoffLimitExceeded): exit code 3 (Job has reached the specified backoff limit)\n")
    expect([code, stdout]).toEqual([1, ""])
  })

  it("a hundred thousand lines in seconds and in little memory", async () => {
    const began = performance.now()
    const started = peanut(["run", "-"], {
      input: yaml(documents({ a: { sh: "seq 100000" } })),
      env: { NODE_OPTIONS: "--max-old-space-size=64" },
    })
    const { code, stdout } = await started.ended
    expect(stdout.split("\n").filter((line) => line.startsWith("a | ")).length).toBe(100_000)
    expect(stdout).toContain("a | 100000\n")
    expect(code).toBe(0)
    expect(performance.now() - began).toBeLessThan(15_000)
  })

  it("a line without an end in parts, and what is no text as far as it is", async () => {
    const { code, stdout } = await runSteps({
      long: { sh: "head -c 200000 /dev/zero | tr '\\0' x" },
      binary: { sh: "printf 'a\\000\\377\\033[2J\\033[31mred\\n10%%\\r20%%\\n'" },
    })
    const of = (stage: string) => stdout.split("\n").filter((line) => line.startsWith(`${stage} | `))
    expect(
      of("long")
        .map((line) => line.length - "long | ".length)
        .reduce((sum, length) => sum + length),
    ).toBe(200_000)
    expect(of("long").length).toBeLessThan(8)
    expect(of("binary")).toEqual(["binary | a\ufffd\x1b[31mred\x1b[0m", "binary | 20%"])
    expect(code).toBe(0)
  })
})

describe("peanut run plays what a Job can say", () => {
  const marker = newMarker()
  let ended: Ended
  let stages: ReturnType<typeof stagesIn>
  const output = (stage: string) =>
    ended.stderr.split("\n").flatMap((line) => (line.startsWith(`${stage} | `) ? [line.slice(stage.length + 3)] : []))

  beforeAll(async () => {
    const path = folder()
    const indexed = { parallelism: 2, completions: 4, completionMode: "Indexed" as const }
    const steps = {
      retried: { sh: `echo try; test -e ${path}/tried || { touch ${path}/tried; exit 1; }`, retries: 2 },
      "retried in vain": { sh: "echo try; exit 4", retries: 1 },
      "too slow": { sh: `sleep ${marker} & wait`, timeout: "1s" },
      indexed: { sh: "echo index $JOB_COMPLETION_INDEX", jobTemplate: { spec: indexed } },
      expanded: {
        command: ["echo", "$(GREETING), $(NAME)", "$$(NAME)", "$(MISSING)"],
        args: ["$(NAME)$(NAME)"],
        env: [
          { name: "NAME", value: "world" },
          { name: "GREETING", value: "hello $(NAME)" },
        ],
      },
      // Two dollar signs are what is left of four.
      killed: { sh: "kill -KILL $$$$" },
      terminated: { sh: "kill -TERM $$$$" },
      unstartable: { command: ["$(PROGRAM)"], env: [{ name: "PROGRAM", value: "no-such-program" }] },
      "with a child in the background": { sh: `sleep ${marker} & echo done` },
      "with a chatty daemon": { sh: "setsid sh -c 'while echo more; do sleep 0.02; done' & echo done" },
      "with a daemon": { sh: `setsid sleep 8.${marker.slice(5)} & echo done` },
    }
    ended = await peanut(["run", "-", "-o", "json"], { input: yaml(documents(steps, marker)) }).ended
    stages = stagesIn(ended.stdout)
  })

  const failed = (why: string) => ({
    phase: "Failed",
    reason: "BackoffLimitExceeded",
    message: `${why} (Job has reached the specified backoff limit)`,
  })

  it("tries a stage again, as often as it may", () => {
    expect(stages.retried).toMatchObject({ phase: "Succeeded" })
    expect(output("retried")).toEqual(["try", "try"])
    expect(stages["retried in vain"]).toMatchObject(failed("exit code 4"))
    expect(output("retried in vain")).toEqual(["try", "try"])
  })

  it("ends a stage at its timeout, with its children", () => {
    expect(stages["too slow"]).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" })
    expect(processesWith(marker).filter((line) => !line.includes("sleep 8."))).toEqual([])
  })

  it("runs every index of an indexed Job", () => {
    expect(stages.indexed).toMatchObject({ phase: "Succeeded" })
    expect(output("indexed").toSorted()).toEqual(["index 0", "index 1", "index 2", "index 3"])
  })

  it("puts variables into commands and arguments as Kubernetes does", () => {
    expect(output("expanded")).toEqual(["hello world, world $(NAME) $(MISSING) worldworld"])
  })

  it("gives a stage that a signal ended the exit code that a shell would", () => {
    expect(stages.killed).toMatchObject(failed("exit code 137"))
    expect(stages.terminated).toMatchObject(failed("exit code 143"))
  })

  it("says why a program cannot start", () => {
    expect(stages.unstartable).toMatchObject(failed('cannot start "no-such-program": no such file or directory'))
  })

  it("ends a stage with its program, whatever else keeps its output open", () => {
    const seconds = ({ startTime = "", completionTime = "" }) =>
      (Date.parse(completionTime) - Date.parse(startTime)) / 1000
    for (const stage of ["with a child in the background", "with a daemon", "with a chatty daemon"]) {
      expect(output(stage).filter((line) => line !== "more")).toEqual(["done"])
      expect(stages[stage]).toMatchObject({ phase: "Succeeded" })
      expect(seconds(stages[stage]!)).toBeLessThan(5)
    }
  })

  it("ends as Failed when a stage failed", () => {
    expect(JSON.parse(ended.stdout).status).toMatchObject({ phase: "Failed", summary: "6/11 succeeded, 5 failed" })
    expect(ended.code).toBe(1)
  })
})

describe.concurrent("peanut run in order", () => {
  it("starts a stage within milliseconds of the end of the one before", async () => {
    const names = ["a", "b", "c", "d", "e", "f"]
    const step = { sh: "date +%s%N; sleep 0.1; date +%s%N" }
    const steps = Object.fromEntries(
      names.map((name, i) => [name, i === 0 ? step : { ...step, after: [names[i - 1]!] }]),
    )
    const { stdout } = await runSteps(steps)
    const times = names.map((name) =>
      [...stdout.matchAll(new RegExp(`^${name} \\| (\\d{19})$`, "gm"))].map((m) => Number(m[1]) / 1e6),
    )
    const gaps = names.slice(1).map((_, i) => times[i + 1]![0]! - times[i]![1]!)
    expect(gaps.every((gap) => gap > 0)).toBe(true)
    // The median: one hiccup of a busy machine says nothing.
    expect(gaps.toSorted((a, b) => a - b)[2]).toBeLessThan(250)
  })

  it("plays the sample, with its seconds made tenths", async () => {
    const sample = readFileSync(join(root, "config/samples/sample.yaml"), "utf8")
    const input = sample.replace('["10"]', '["0.5"]').replace('["15"]', '["1"]')
    expect(input).not.toMatch(/"1[05]"/)
    const { code, stdout } = await peanut(["run", "-"], { input }).ended
    const order = [...stdout.matchAll(/\] (\w+) Stage: \S (Running|Succeeded)/g)].map(
      ([, stage, phase]) => `${stage} ${phase}`,
    )
    const inOrder = (earlier: string, later: string) => {
      expect(order).toContain(earlier)
      expect(order.indexOf(later), `${later} in ${order}`).toBeGreaterThan(order.indexOf(earlier))
    }
    expect(order.slice(0, 2)).toEqual(["First Running", "Second Running"])
    inOrder("First Succeeded", "Second Succeeded")
    inOrder("Second Succeeded", "Third Running")
    inOrder("Second Succeeded", "Fourth Running")
    inOrder("Fourth Running", "Third Succeeded")
    inOrder("Third Succeeded", "Fifth Running")
    inOrder("Fourth Succeeded", "Fifth Running")
    inOrder("Fifth Running", "Fifth Succeeded")
    expect(order.length).toBe(10)
    expect(code).toBe(0)
  })

  it("is what npx peanut runs in this repository", async () => {
    const input = yaml(documents({ a: { sh: "echo from a" } }))
    const started = start(["npx", "--no-install", "peanut", "run", "-", "-q", "-o", "json"])
    started.stdin.end(input)
    const { code, stdout, stderr } = await started.ended
    expect(stagesIn(stdout).a, stderr).toMatchObject({ phase: "Succeeded" })
    expect(code).toBe(0)
  })
})
