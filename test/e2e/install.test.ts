// Peanut comes and goes by one command each, however often; and it can be confined to one namespace.

import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { eventually, get, install, isReady, kubectl, kubectlOutput, type List, manifests, system } from "./cluster.ts"
import { expectEachStageOnce, hasEnded, readRun, startChain, until } from "./runs.ts"

const stamp = Date.now().toString(36)
const quiet = { stdout: "", stderr: "" }

/** Whatever of the cluster bears Peanut's name or labels, in any namespace. */
async function traces(): Promise<readonly string[]> {
  const kinds = ["namespaces", "crds", "clusterroles", "clusterrolebindings"]
  const all = await Promise.all([
    ...kinds.map((kind) => kubectl(["get", kind, "-o", "name"])),
    kubectl(["get", "roles,rolebindings,serviceaccounts,deployments,services", "-A", "-o", "name"]),
    kubectl(["get", "ksvc,apiserversources,pingsources,sinkbindings,networkpolicies", "-A", "-o", "name"]),
  ])
  return all.flatMap((text) => text.split("\n").filter((line) => line.includes("peanut")))
}

/** The pods of a namespace that Pod Security would refuse at its strictest level. */
async function unsafePods(namespace: string): Promise<string> {
  const level = "pod-security.kubernetes.io/enforce=restricted"
  const { stderr } = await kubectlOutput(["label", "ns", namespace, "--dry-run=server", "--overwrite", level])
  return stderr
}

describe("config/default", () => {
  it("installs without a warning, and again without a change", async () => {
    const text = await manifests()
    const first = await kubectlOutput(["apply", "-f", "-"], text)
    expect(first.stderr).toBe("")
    await isReady(system)
    const { stdout, stderr } = await kubectlOutput(["apply", "-f", "-"], text)
    expect({ stdout: stdout.replace(/^.* unchanged\n/gm, ""), stderr }).toEqual(quiet)
  })

  it("runs nothing that Pod Security's strictest level would not", async () => {
    const { metadata } = await get<{ metadata: { labels: Record<string, string> } }>("ns", system)
    expect(metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/warn": "restricted",
    })
    expect(await unsafePods(system)).toBe("")
    const { items } = await get<List<unknown>>("pods", "-n", system)
    expect(items).not.toEqual([])
  })

  it("goes without a trace in the middle of a run, and again without a complaint", async () => {
    const namespace = `e2e-gone-${stamp}`
    await kubectl(["create", "namespace", namespace])
    await startChain(namespace, "cut-short", 3, 60)
    await until(namespace, "cut-short", ({ status }) => status?.phase === "Running", 60)
    const text = await manifests()
    await kubectl(["delete", "-f", "-"], text)
    expect(await traces()).toEqual([])
    // What an execution owned goes with it.
    const left = () => kubectl(["get", "jobs,pods", "-n", namespace, "-o", "name"])
    await eventually(left, (names) => names === "", 60)
    expect(await kubectlOutput(["delete", "--ignore-not-found", "-f", "-"], text)).toEqual(quiet)
    await kubectl(["delete", "namespace", namespace, "--wait=false"])
    await install()
  }, 400_000)
})

describe("config/namespaced", () => {
  const [home, own, other] = [`e2e-home-${stamp}`, `e2e-own-${stamp}`, `e2e-other-${stamp}`]
  let text: string

  beforeAll(async () => {
    // The other Peanut would run what this one must leave alone. The CRDs stay, as an administrator's would.
    await kubectl(["delete", "apiserversource/peanut", "pingsource/peanut-resync", "-n", system])
    await kubectl(["create", "namespace", own])
    await kubectl(["create", "namespace", other])
    const rendered = await manifests("config/namespaced")
    text = rendered.replaceAll("peanut-team-a", home).replaceAll(/: team-a$/gm, `: ${own}`)
  })
  afterAll(async () => {
    await kubectl(["delete", "namespace", home, own, other, "--wait=false", "--ignore-not-found"])
    await install()
  })

  it("has nothing that belongs to no namespace, but for its own", () => {
    expect(text).not.toMatch(/^kind: (Cluster|CustomResource)/m)
    expect(text.match(/^kind: Namespace$/gm)).toHaveLength(1)
  })

  it("runs what is in the namespace that it serves, and leaves every other alone", async () => {
    await kubectl(["apply", "-f", "-"], text)
    await isReady(home)
    await startChain(other, "theirs", 2, 0)
    await startChain(own, "ours", 2, 0)
    await until(own, "ours", hasEnded, 90)
    await expectEachStageOnce(own, "ours")
    expect((await readRun(other, "theirs")).status).toBeUndefined()
    expect(await unsafePods(home)).toBe("")
  })

  it("lets nobody who edits the served namespace have its token, or write a status", async () => {
    await kubectl(["create", "rolebinding", "editor", "-n", own, "--clusterrole=edit", "--user=editor"])
    for (const command of [
      ["create", "token", "peanut", "-n", home],
      ["patch", "pex/ours", "-n", own, "--subresource=status", "--type=merge", "-p", '{"status":{"summary":"forged"}}'],
    ]) {
      await expect(kubectl([...command, "--as=editor"])).rejects.toThrow(/forbidden/)
    }
  })

  it("goes as it came", async () => {
    await kubectl(["delete", "-f", "-"], text)
    const left = await kubectl([
      "get",
      "roles,rolebindings",
      "-n",
      own,
      "-l",
      "app.kubernetes.io/part-of=peanut",
      "-o",
      "name",
    ])
    expect(left.trim()).toBe("")
    expect(await kubectl(["get", "namespace", home, "--ignore-not-found"])).toBe("")
  })
})
