// What a command for a cluster says when there is no cluster, or when it says no: one line and an exit code.

import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { failure, json, kubeconfigFor } from "../../server/fake-api-server.ts"
import { bundle, folder, peanut, start } from "../run-peanut.ts"
import { execution, type FakeCluster, startFakeCluster } from "./fake-cluster.ts"

let cluster: FakeCluster
beforeEach(async () => {
  cluster = await startFakeCluster()
})
afterEach(() => cluster.close())

const run = (...args: readonly string[]) => peanut(args, { env: { KUBECONFIG: cluster.kubeconfig } }).ended
const says = (message: string, code = 1) => ({ code, stdout: "", stderr: `error: ${message}\n` })

describe("a command for a cluster", () => {
  it("says that there is no kubeconfig", async () => {
    const path = join(folder(), "nothing")
    expect(await peanut(["list"], { env: { KUBECONFIG: path } }).ended).toEqual(
      says(`there is no kubeconfig at ${path}`),
    )
    expect(await run("list", "--kubeconfig", path)).toEqual(says(`there is no kubeconfig at ${path}`))
    const home = folder()
    expect(await peanut(["list"], { env: { KUBECONFIG: "", HOME: home, KUBERNETES_SERVICE_HOST: "" } }).ended).toEqual(
      says(`there is no kubeconfig at ${home}/.kube/config`),
    )
  })

  it("says that a kubeconfig is none, and which contexts it has", async () => {
    const path = join(folder({ broken: "clusters: [{" }), "broken")
    const { code, stderr } = await run("list", "--kubeconfig", path)
    expect({ code, lines: stderr.trim().split("\n").length }).toEqual({ code: 1, lines: 1 })
    expect(stderr).toContain(`error: cannot use the kubeconfig ${path}: `)
    expect(await run("list", "--context", "fkae")).toEqual(says('the kubeconfig has no context "fkae"; it has fake'))
  })

  it("says that the API server cannot be reached", async () => {
    // Nobody listens on port 1.
    const path = join(folder({ config: kubeconfigFor("http://127.0.0.1:1") }), "config")
    const unreachable = says("cannot reach the API server at http://127.0.0.1:1/: connect ECONNREFUSED 127.0.0.1:1")
    expect(await run("get", "web-1", "--kubeconfig", path)).toEqual(unreachable)
    expect(await run("watch", "web-1", "--kubeconfig", path)).toEqual(unreachable)
    expect(await run("logs", "web-1", "-f", "--kubeconfig", path)).toEqual(unreachable)
  })

  it("says that credentials are not accepted, and passes on what is forbidden", async () => {
    cluster.instead = failure(401, "Unauthorized")
    const { stderr } = await run("list")
    expect(stderr).toMatch(/^error: the API server at http:\S+ does not accept your credentials; sign in again.*\n$/)
    cluster.instead = failure(403, "Forbidden", 'peanutpipelineexecutions is forbidden: User "me" cannot list')
    const forbidden = says('peanutpipelineexecutions is forbidden: User "me" cannot list')
    expect(await run("list")).toEqual(forbidden)
    expect(await run("get", "web-1")).toEqual(forbidden)
    expect(await run("cancel", "web-1")).toEqual(forbidden)
  })

  it("says that a cluster has no Peanut", async () => {
    cluster.instead = (_, response) => response.writeHead(404).end("404 page not found\n")
    const without = says("this cluster knows no pipelines: Peanut is not installed in it")
    for (const args of [["list"], ["list", "pipelines"], ["get", "x"], ["start", "x"], ["approve", "x", "--all"]]) {
      expect(await run(...args), args.join(" ")).toEqual(without)
    }
  })

  it("takes no login page for an API server", async () => {
    cluster.instead = json(200, { page: "please sign in" })
    const { code, stderr } = await run("list")
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: GET \S+: this is not the answer of an API server\n$/)
  })

  it("names the namespace, and who may have been meant", async () => {
    cluster.execution = execution("Running", [])
    const message = 'there is no execution "wbe-1" in namespace "default"; did you mean "web-1"?'
    for (const verb of ["get", "watch", "logs", "cancel", "suspend", "resume", "rerun"]) {
      expect(await run(verb, "wbe-1"), verb).toEqual(says(message))
    }
    expect(await run("approve", "wbe-1", "x")).toEqual(says(message))
    const inTeam = 'there is no execution "other" in namespace "team"'
    expect(await run("get", "other", "-nteam")).toEqual(says(inTeam))
    expect(await run("-n", "team", "get", "other")).toEqual(says(inTeam))
  })

  const misuses: readonly (readonly [string, readonly string[], string])[] = [
    ["a name that is missing", ["get"], "execution"],
    ["an unknown flag", ["list", "--everywhere"], "--everywhere"],
    ["an unknown form", ["list", "-o", "xml"], "xml"],
    ["an unknown kind", ["list", "stages"], "stages"],
    ["an unknown command", ["lst"], "lst"],
    ["a parameter without value", ["start", "web", "--param", "version"], "--param version: write NAME=VALUE"],
    ["a parameter twice", ["start", "web", "-p", "a=1", "-pa=2"], '--param gives "a" twice'],
    ["an approval of nothing", ["approve", "web-1"], "name the stages to approve, or give --all"],
    ["stages and all of them", ["approve", "web-1", "a", "--all"], "name the stages to approve, or give --all"],
    ["--pipeline for pipelines", ["list", "pipelines", "--pipeline", "web"], "--pipeline chooses among executions"],
    ["following what is over", ["logs", "web-1", "-f", "--previous"], "leave out --follow"],
    ["a flag of the cluster without one", ["-n", "team", "run", "x.yaml"], "-n"],
  ]
  it.each(misuses)("refuses %s", async (_, args, words) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(words)
  })

  it("is called kubectl peanut where it is a plugin", async () => {
    const bin = folder()
    const plugin = join(bin, "kubectl-peanut")
    await start(["ln", "-s", bundle[1]!, plugin]).ended
    const as = (...args: readonly string[]) => start([bundle[0]!, plugin, ...args]).ended
    const { stdout } = await as("list", "--help")
    expect(stdout).toContain("\n  kubectl peanut list [flags]")
    expect(stdout).not.toMatch(/(?<!kubectl )peanut list/)
    expect((await as("--completions", "bash")).stdout).toContain("complete -F _peanut peanut")
  })
})
