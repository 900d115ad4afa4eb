// Every command, where the cluster and the manifests hold what a terminal would obey: nothing of it is written.

import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { failure } from "../../server/fake-api-server.ts"
import { documents, folder, peanut, yaml } from "../run-peanut.ts"
import { execution, type FakeCluster, pod, startFakeCluster } from "./fake-cluster.ts"

const evil = "e\x1b[2Jv\x1b]52;c;YQ==\x07i\x9b31m\u202el\u2066\r\x07\0\x1b]0;t\x1b\\\x9d8;;u\x9cx\x7f\u2028"
const hostile = (text: string) => `${text}${evil}`
/** All that a terminal obeys, but for line breaks and tabs. */
const found = (text: string) => text.match(/(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu) ?? []

let cluster: FakeCluster
beforeEach(async () => {
  cluster = await startFakeCluster()
})
afterEach(() => cluster.close())
const run = (args: readonly string[], input = "") =>
  peanut(args, { input, env: { KUBECONFIG: cluster.kubeconfig } }).ended

/** An execution with such words in every field that holds any. */
function hostileExecution(phase: string) {
  const stages = ["A", "B"].map((name) => ({
    name: hostile(name),
    phase: phase === "Running" ? ("Waiting" as const) : ("Failed" as const),
    reason: phase === "Running" ? "AwaitingApproval" : hostile("Reason"),
    message: hostile("message"),
    jobName: hostile("job"),
    outputs: { [hostile("key")]: hostile("value") },
  }))
  const { metadata, spec, status, ...rest } = execution(phase, stages)
  const snapshot = {
    stages: stages.map(({ name }) => ({ name, type: hostile("task"), approval: true })),
    stageSpecs: {},
    params: { [hostile("param")]: hostile("value") },
  }
  const message = hostile("condition")
  return {
    ...rest,
    metadata: { ...metadata, annotations: { [hostile("a")]: hostile("b") }, labels: { l: hostile("c") } },
    spec: { ...spec, pipelineName: hostile("web"), rerunOf: hostile("web-0") },
    status: {
      ...status,
      startTime: "2026-01-01T00:00:00Z",
      summary: hostile("summary"),
      snapshot,
      conditions: [{ type: "Succeeded", status: "False", reason: hostile("Why"), message }],
    },
  } as unknown as ReturnType<typeof execution>
}

describe("a command on a cluster writes nothing that a terminal obeys", () => {
  const commands = [
    ["list"],
    ["list", "-A", "-o", "wide"],
    ["list", "pipelines"],
    ["list", "-o", "name"],
    ["get", "web-1"],
    ["get", "web-1", "-o", "wide"],
    ["get", "web-1", "-o", "name"],
    ["watch", "web-1"],
    ["start", hostile("web")],
    ["start", "web", "--param", hostile("a")],
    ["rerun", "web-1"],
    ["cancel", "web-1"],
    ["suspend", "web-1"],
    ["resume", "web-1"],
    ["approve", "web-1", "--all"],
    ["approve", "web-1", hostile("nothing")],
    ["logs", "web-1", hostile("nothing")],
    ["get", hostile("web")],
  ].map((args) => args.map((arg) => arg.replaceAll("\0", "")))

  it.each(["Running", "Failed"])(
    "of an execution that is %s",
    async (phase) => {
      cluster.execution = hostileExecution(phase)
      if (phase === "Running") {
        cluster.watch = (response) => {
          response.end(`${JSON.stringify({ type: "MODIFIED", object: hostileExecution("Failed") })}\n`)
        }
      }
      for (const args of commands) {
        const { stdout, stderr } = await run(args)
        expect([args, found(stdout), found(stderr)]).toEqual([args, [], []])
        expect(stdout + stderr).not.toBe("")
      }
    },
    120_000,
  )

  it("where the API server refuses with such words", async () => {
    cluster.instead = failure(403, "Forbidden", hostile("no"))
    for (const args of commands) {
      const { stdout, stderr } = await run(args)
      expect([args, found(stdout), found(stderr)]).toEqual([args, [], []])
    }
  }, 120_000)

  it("as JSON and YAML, which hold all of it as escapes", async () => {
    cluster.execution = hostileExecution("Failed")
    for (const args of [["get", "web-1"], ["list"]]) {
      for (const [form, read] of [
        ["json", (text: string) => JSON.parse(text)],
        ["yaml", parse],
      ] as const) {
        const { stdout } = await run([...args, "-o", form])
        expect(found(stdout)).toEqual([])
        const object = read(stdout)
        const { spec, status } = args[0] === "list" ? object.items[0] : object
        expect([spec, status]).toEqual([cluster.execution.spec, cluster.execution.status])
      }
    }
  }, 30_000)

  it("before the lines of a log, which a file gets byte for byte", async () => {
    const stage = hostile("A")
    cluster.execution = hostileExecution("Failed")
    cluster.pods = [pod("web-a", stage)]
    cluster.log = (_, __, response) => response.end("one \x1b[31mred\x1b[2J\n")
    const { stdout, stderr } = await run(["logs", "web-1"])
    expect(stdout.endsWith(" | one \x1b[31mred\x1b[2J\n")).toBe(true)
    expect([found(stdout.replace("\x1b[31mred\x1b[2J", "")), found(stderr)]).toEqual([[], []])
  })
})

describe("a command on this machine writes nothing that a terminal obeys", () => {
  const name = hostile("web")
  const steps = { [hostile("Build")]: { sh: "printf 'a\\033[2J\\302\\2332J\\342\\200\\256b\\n'; exit 3" } }
  const texts = [documents(steps), documents(steps, "sh", name), [{ kind: name, [name]: name }], [name]].map(
    (objects) => yaml(objects as object[]),
  )
  const commands = [
    ["validate", "-"],
    ["validate", "-", "-o", "json"],
    ["graph", "-"],
    ["graph", "-", "-o", "svg"],
    ["graph", "-", "-o", "dot"],
    ["graph", "-", "-o", "mermaid"],
    ["run", "-"],
    ["run", "-", "-q"],
    ["run", "-", "-o", "json"],
    ["run", "-", "--param", "a\x1b[2J\u202e"],
    ["run", "\x1b]0;no such file\x07\x9b2J"],
    ["\x1b[2J\u202enone"],
  ]

  it.each(commands.map((args) => [args.join(" "), args] as const))(
    "peanut %j",
    async (_, args) => {
      for (const text of [...texts, `a: [\x1b[2J\u202e\x9b`]) {
        const { stdout, stderr } = await run(args, text)
        expect([found(stdout), found(stderr)]).toEqual([[], []])
        expect(stdout + stderr).not.toBe("")
      }
    },
    60_000,
  )

  it("reads a folder with such a name", async () => {
    const file = folder({ "a\u202e\x9b2J.yaml": "kind: [" })
    const { stdout, stderr } = await run(["validate", file])
    expect([found(stdout), found(stderr)]).toEqual([[], []])
    expect(stderr).toContain("\\u202e")
  })
})
