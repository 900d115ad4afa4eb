// The commands of the CLI on a real API server: the built program, as a person with a kubeconfig runs it.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeEach, expect, it } from "vitest"
import { parse } from "yaml"
import { type Ended, folder, peanut } from "../cli/run-peanut.ts"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { eventually, inNamespace, pipeline, run, stage, succeed, useWorld } from "./world.ts"

const quick = stage("quick", ["true"])
const broken = stage("broken", ["sh", "-c", "exit 3"])
const held = stage("held", ["hold"])
const apiVersion = "pipeline.peanut.dev/v1alpha1"
const kindName = "peanutpipelineexecution.pipeline.peanut.dev"

describeWithControlPlane("peanut on a cluster", () => {
  const world = useWorld()
  let here: ReturnType<typeof inNamespace>
  beforeEach(async () => {
    const { controlPlane } = world()
    here = inNamespace(controlPlane, await controlPlane.createNamespace())
  })
  /** In the namespace of the test. */
  const start = (...args: readonly string[]) =>
    peanut([...args, "-n", here.namespace], { env: { KUBECONFIG: world().controlPlane.kubeconfig } })
  const does = (...args: readonly string[]) => start(...args).ended
  const ok = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await does(...args)
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" })
    return stdout
  }
  const refused = (message: string, code = 1): Ended => ({ code, stdout: "", stderr: `error: ${message}\n` })
  const created = (stdout: string) => /^\S+\/(\S+) created$/m.exec(stdout)![1]!

  it("starts a pipeline under a name that the API server makes up, or under the given one", async () => {
    await here.apply(quick, pipeline("web", "a:quick"))
    const stdout = await ok("start", "web")
    expect(stdout).toMatch(/^peanutpipelineexecution\.pipeline\.peanut\.dev\/web-[a-z0-9]{5} created\n$/)
    expect((await here.finished(created(stdout))).status?.phase).toBe("Succeeded")

    expect(await ok("start", "web", "--name", "mine", "-o", "name")).toBe(`${kindName}/mine\n`)
    expect(await does("start", "web", "--name", "mine")).toEqual(
      refused(`there is an execution "mine" in namespace "${here.namespace}" already`),
    )
    expect(parse(await ok("start", "web", "-o", "yaml"))).toMatchObject({ apiVersion, spec: { pipelineName: "web" } })
    expect(await does("start", "wev")).toEqual(
      refused(`there is no pipeline "wev" in namespace "${here.namespace}"; did you mean "web"?`),
    )
  }, 40_000)

  it("gives parameters, and refuses wrong ones before there is an execution", async () => {
    const web = pipeline("web", "a:quick")
    const params = [{ name: "version" }, { name: "target", default: "test" }]
    await here.apply(quick, { ...web, spec: { ...web.spec, params } })
    const ended = await does("start", "web", "-p", "version=1=2", "--param", "target=", "--wait", "-o", "json")
    expect(ended.stderr).toMatch(/^web-\w{5}: Succeeded in \d+s: 1\/1 succeeded\n$/)
    const { metadata, spec, status } = JSON.parse(ended.stdout)
    expect(spec.params).toEqual([
      { name: "version", value: "1=2" },
      { name: "target", value: "" },
    ])
    expect(status.phase).toBe("Succeeded")
    expect(await ok("get", metadata.name)).toMatch(/\nParams: {5}target = \n {12}version = 1=2\n/)

    expect(await does("start", "web")).toEqual(
      refused('--param gives no value for param "version" of pipeline "web", which has no default', 2),
    )
    expect(await does("start", "web", "-p", "version=1", "-p", "tarqet=x")).toEqual(
      refused('--param gives param "tarqet", which pipeline "web" does not declare; did you mean "target"?', 2),
    )
    expect((await ok("list", "-o", "name")).trim().split("\n")).toHaveLength(1)
  }, 40_000)

  it("waits and watches to the end, and exits by the outcome", async () => {
    await here.apply(quick, broken, pipeline("good", "a:quick → b:quick"), pipeline("bad", "a:broken → b:quick"))
    const waited = await ok("start", "good", "--wait")
    expect(waited).toMatch(/^\S+ created\ngood-\w{5}: Succeeded in \d+s: 2\/2 succeeded\n$/)
    const { code, stdout, stderr } = await does("start", "bad", "--watch")
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" })
    expect(stdout).toMatch(/\npipeline bad, execution bad-\w{5}: 2 stages in namespace test-\w+\n/)
    expect(stdout).toMatch(/\] a: ✖ Failed .*exit code 3/)
    expect(stdout).toMatch(/\nb {6}↷ Skipped {10}-\nFailed in \d+s: 0\/2 succeeded, 1 failed, 1 skipped\n/)
    expect(stdout.trimEnd().split("\n").at(-1)).toBe('b: Skipped (ParentFailed): stage "a" failed')
    // Of a run that is over the same is to be seen.
    const again = await does("watch", created(stdout))
    expect(again.code).toBe(1)
    expect(again.stdout).toContain("Failed in ")
  }, 40_000)

  it("sees each change while it watches, and the deletion of what it watches", async () => {
    const { kubelet, controlPlane } = world()
    await here.apply(quick, held, pipeline("web", "a:held → b:held"), run("web-1", "web"))
    const watching = start("watch", "web-1")
    await watching.says("a: ● Running")
    await kubelet.release("a")
    await watching.says("a: ✔ Succeeded")
    await watching.says("b: ● Running")
    const stdout = watching.text()
    expect(stdout.indexOf("a: ✔ Succeeded")).toBeLessThan(stdout.indexOf("b: ● Running"))
    await succeed(controlPlane.kubectl("delete", "-n", here.namespace, "pex", "web-1", "--wait=false"))
    const { code, stderr } = await watching.ended
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'error: execution "web-1" was deleted before it ended\n' })
  }, 40_000)

  it("watches with no right to watch, and says what is forbidden", async () => {
    const { kubelet, controlPlane } = world()
    await here.apply(held, pipeline("web", "a:held"), run("web-1", "web"))
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "looker" } }
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "looker" }
    await here.apply(
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "looker" } },
      {
        ...role,
        kind: "Role",
        rules: [{ apiGroups: ["pipeline.peanut.dev"], resources: ["peanutpipelineexecutions"], verbs: ["get"] }],
      },
      { ...role, kind: "RoleBinding", roleRef, subjects: [{ kind: "ServiceAccount", name: "looker" }] },
    )
    const kubeconfig = await controlPlane.kubeconfigFor(here.namespace, "looker")
    const watching = start("watch", "web-1")
    const looking = start("watch", "web-1", "--kubeconfig", kubeconfig)
    await Promise.all([watching.says("a: ● Running"), looking.says("a: ● Running")])
    await kubelet.release("a")
    for (const { ended } of [watching, looking]) {
      const { code, stdout } = await ended
      expect({ code, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({
        code: 0,
        last: expect.stringMatching(/^Succeeded in \d+s: 1\/1 succeeded$/),
      })
    }
    const forbidden = await does("list", "--kubeconfig", kubeconfig)
    expect(forbidden.code).toBe(1)
    expect(forbidden.stderr).toMatch(/^error: peanutpipelineexecutions\.pipeline\.peanut\.dev is forbidden: User .*\n$/)
  }, 90_000)

  it("lists what kubectl lists, in the order in which it started", async () => {
    const { controlPlane } = world()
    await here.apply(quick, broken, pipeline("web", "a:quick"), pipeline("app", "b:broken"))
    await here.apply(run("zeta", "web"))
    await here.finished("zeta")
    // Times are whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await here.apply(run("alpha", "app"))
    await here.finished("alpha")
    for (const options of [[], ["-o", "wide"], ["-A"]]) {
      const theirs = await succeed(controlPlane.kubectl("get", "pex", "-n", here.namespace, ...options))
      const ours = await ok("list", ...options)
      expect(cells(ours).toSorted()).toEqual(cells(theirs).toSorted())
    }
    const wide = ["get", "ppl", "-n", here.namespace, "-o", "wide"] as const
    expect(cells(await ok("list", "pipelines", "-owide"))).toEqual(cells(await succeed(controlPlane.kubectl(...wide))))

    expect(await ok("ls", "-o", "name")).toBe(`${kindName}/zeta\n${kindName}/alpha\n`)
    expect(await ok("list", "--pipeline", "app", "-o", "name")).toBe(`${kindName}/alpha\n`)
    const theirs = await succeed(controlPlane.kubectl("get", "pex", "-n", here.namespace, "-o", "json"))
    const ours = JSON.parse(await ok("list", "-o", "json"))
    expect(ours.items.toReversed()).toEqual(JSON.parse(theirs).items)
    expect(
      await succeed(
        controlPlane.kubectl("get", "-n", here.namespace, ...(await ok("ls", "-oname")).trim().split("\n")),
      ),
    ).toContain("zeta")

    const { code, stdout, stderr } = await does("list", "--pipeline", "none")
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "",
      stderr: `No resources found in ${here.namespace} namespace.\n`,
    })
  }, 60_000)

  it("uses the namespace of the context, and the context that is named", async () => {
    const { controlPlane } = world()
    await here.apply(quick, pipeline("web", "a:quick"), run("web-1", "web"))
    const config = parse(await succeed(controlPlane.kubectl("config", "view", "--raw")))
    const [{ context }] = config.contexts
    config.contexts.push({ name: "team", context: { ...context, namespace: here.namespace } })
    const path = join(folder(), "kubeconfig")
    writeFileSync(path, JSON.stringify(config))
    const as = (...args: readonly string[]) => peanut(args, { env: { KUBECONFIG: `/nowhere:${path}` } }).ended
    expect((await as("get", "web-1", "--context", "team", "-o", "name")).stdout).toBe(`${kindName}/web-1\n`)
    expect((await as("get", "web-1")).stderr).toBe('error: there is no execution "web-1" in namespace "default"\n')
    const everywhere = await as("list", "-A", "-o", "name")
    expect(everywhere.stdout).toContain(`${kindName}/web-1\n`)
  }, 40_000)

  it("shows an execution as a page, and as the object that it is", async () => {
    const { controlPlane } = world()
    const web = pipeline("web", "Build:quick → Test:broken → Deploy:quick", "Build → Lint:quick")
    await here.apply(quick, broken, web, run("web-1", "web"))
    await here.finished("web-1")
    const page = await ok("get", "web-1")
    const masked = page
      .replace(/\d{4}-\S+Z \(\d+s ago\)/g, "TIME")
      .replace(/Took: {7}\d+s/, "Took:       0s")
      .replace(/ \d+s(?= |$)/gm, " 0s")
    expect(masked.split("\n")).toEqual([
      "Name:       web-1",
      `Namespace:  ${here.namespace}`,
      "Pipeline:   web",
      "Phase:      Failed",
      "Stages:     2/4 succeeded, 1 failed, 1 skipped",
      "Started:    TIME",
      "Ended:      TIME",
      "Took:       0s",
      "",
      "STAGE       STATE           TIME  REASON",
      "Build       ✔ Succeeded       0s",
      "  Test      ✖ Failed          0s  BackoffLimitExceeded: exit code 3 (Job has reached the specified backoff limit)",
      '    Deploy  ↷ Skipped          -  ParentFailed: stage "Test" failed',
      "  Lint      ✔ Succeeded       0s",
      "",
    ])
    const { status } = await here.read("web-1")
    expect(await ok("get", "web-1", "-o", "wide")).toContain(status!.stages![0]!.jobName)
    const theirs = await succeed(controlPlane.kubectl("get", "pex", "web-1", "-n", here.namespace, "-o", "yaml"))
    expect(parse(await ok("get", "web-1", "-o", "yaml"))).toEqual(parse(theirs))
  }, 40_000)

  it("suspends, resumes and cancels, also several at once", async () => {
    const { kubelet } = world()
    await here.apply(quick, held, pipeline("web", "a:held → b:quick"), run("web-1", "web"), run("web-2", "web"))
    const isRunning = (name: string) => here.until(name, (x) => x.status?.stages?.[0]?.phase === "Running")
    const first = (await isRunning("web-1")).status!.stages![0]!.jobName!
    await isRunning("web-2")
    expect(await ok("suspend", "web-1")).toBe(`${kindName}/web-1 suspended\n`)
    await kubelet.release(first)
    await here.until("web-1", (x) => x.status?.stages?.[1]?.reason === "Suspended")
    expect(await ok("get", "web-1")).toContain("\nPhase:      Running (Suspended)\n")
    expect(await ok("resume", "web-1")).toBe(`${kindName}/web-1 resumed\n`)
    await here.finished("web-1")
    const { code, stdout, stderr } = await does("cancel", "web-1", "web-3", "web-2")
    expect({ code, stdout }).toEqual({ code: 1, stdout: `${kindName}/web-2 cancelled\n` })
    expect(stderr.split("\n")).toEqual([
      'error: execution "web-1" has ended: Succeeded; there is nothing to steer',
      expect.stringMatching(/^error: there is no execution "web-3" in namespace "test-\w+"; did you mean "web-\d"\?$/),
      "",
    ])
    expect((await here.finished("web-2")).status?.phase).toBe("Cancelled")
  }, 40_000)

  it("approves stages that wait for it, and no others", async () => {
    const web = pipeline("web", "Build:quick → Deploy:quick", "Build → Announce:quick")
    for (const stage of web.spec.stages.slice(1)) Object.assign(stage, { approval: true })
    await here.apply(quick, web, run("web-1", "web"), run("web-2", "web"))
    for (const name of ["web-1", "web-2"]) {
      await here.until(
        name,
        (x) => x.status?.stages?.every((s) => s.phase === "Succeeded" || s.reason === "AwaitingApproval") ?? false,
      )
    }
    const none = { stdout: "", code: 1 }
    expect(await does("approve", "web-1", "Deploy", "Anounce")).toEqual(
      refused('execution "web-1" has no stage "Anounce"; did you mean "Announce"?'),
    )
    expect(await does("approve", "web-1", "Build")).toEqual({
      ...none,
      stderr: 'error: stage "Build" of execution "web-1" needs no approval\n',
    })
    expect((await here.read("web-1")).spec.approved).toBeUndefined()

    // At the same time: neither is lost.
    const both = await Promise.all([ok("approve", "web-1", "Deploy"), ok("approve", "web-1", "Announce")])
    expect(both).toEqual(['stage "Deploy" approved\n', 'stage "Announce" approved\n'])
    expect((await here.finished("web-1")).status?.phase).toBe("Succeeded")
    expect((await here.read("web-1")).spec.approved?.toSorted()).toEqual(["Announce", "Deploy"])

    expect(await ok("approve", "web-2", "--all")).toBe('stage "Deploy" approved\nstage "Announce" approved\n')
    await here.finished("web-2")
    expect(await ok("approve", "web-2", "--all")).toBe('no stage of execution "web-2" waits for approval\n')
    expect(await does("approve", "web-2", "Deploy")).toEqual(
      refused('execution "web-2" has ended: Succeeded; there is nothing to approve'),
    )
  }, 40_000)

  it("reruns what did not succeed, and refuses what ran well or runs", async () => {
    await here.apply(quick, broken, held)
    await here.apply(pipeline("web", "a:quick → b:broken"), pipeline("slow", "a:held"))
    const failed = await does("start", "web", "--wait", "--name", "web-1")
    expect(failed.code).toBe(1)
    const again = await does("rerun", "web-1", "--name", "web-2", "--wait", "-o", "json")
    expect(again.code).toBe(1)
    const { spec, status } = JSON.parse(again.stdout)
    expect(spec).toEqual({ pipelineName: "web", rerunOf: "web-1" })
    expect(status.stages).toMatchObject([
      { name: "a", phase: "Succeeded", reason: "TakenOver" },
      { name: "b", phase: "Failed" },
    ])
    expect(await here.jobs()).toHaveLength(3)
    expect(await ok("get", "web-2")).toContain("\nRerun of:   web-1\n")

    await here.apply(run("slow-1", "slow"))
    await here.until("slow-1", (x) => x.status?.phase === "Running")
    expect(await does("rerun", "slow-1")).toEqual(
      refused('execution "slow-1" has not ended; wait for it, or cancel it'),
    )
    await world().kubelet.release("a")
    await here.finished("slow-1")
    expect(await does("rerun", "slow-1")).toEqual(
      refused('execution "slow-1" succeeded, so there is nothing to run again'),
    )
  }, 40_000)

  it("is left by Ctrl-C, while the execution goes on", async () => {
    await here.apply(held, pipeline("web", "a:held"), run("web-1", "web"))
    const watching = start("watch", "web-1")
    await watching.says("a: ● Running")
    process.kill(watching.pid, "SIGINT")
    const { code, stdout } = await watching.ended
    expect({ code, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({
      code: 130,
      last: "execution web-1 goes on in the cluster",
    })
    expect((await here.read("web-1")).status?.phase).toBe("Running")
    await world().kubelet.release("a")
    await eventually(
      () => here.read("web-1"),
      ({ status }) => status?.phase === "Succeeded",
    )
  }, 40_000)
})

/** The rows of a table as their cells, without times, which pass. */
function cells(text: string): readonly string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((row) =>
      row
        .trimEnd()
        .replace(/ {3,}\d+[smh]\S*/g, "   TIME")
        .replace(/ {2,}/g, "   "),
    )
}
