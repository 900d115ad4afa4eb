// Which cluster a kubeconfig leads to, as kubectl has it.

import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { connectAsUser, NoConnection } from "../../src/cluster/kubernetes/connection.ts"
import { folder } from "../cli/run-peanut.ts"

const config = (name: string, { current = name, namespace = "" } = {}) =>
  JSON.stringify({
    clusters: [{ name, cluster: { server: `https://${name}:6443` } }],
    users: [{ name, user: { token: `token-of-${name}` } }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace && { namespace }) } }],
    ...(current && { "current-context": current }),
  })
const path = folder({
  one: config("one"),
  two: config("two", { namespace: "team" }),
  undecided: config("undecided", { current: "" }),
  // Says something else of what the first file says.
  other: config("one", { namespace: "other" }).replace("https://one", "https://changed"),
})
const files = (...names: readonly string[]) => names.map((name) => join(path, name)).join(":")
const told = async (kubeconfig: string, named = {}) => {
  const { server, namespace, authorization } = await connectAsUser({ KUBECONFIG: kubeconfig }, named)
  return [server.hostname, namespace, await authorization()]
}

describe("a kubeconfig", () => {
  it("says where, as who, and in which namespace", async () => {
    expect(await told(files("one"))).toEqual(["one", "default", "Bearer token-of-one"])
    expect(await told(files("two"))).toEqual(["two", "team", "Bearer token-of-two"])
  })

  it("may be several files: the first that says something counts, and missing ones are skipped", async () => {
    expect(await told(files("none", "one", "two"))).toEqual(["one", "default", "Bearer token-of-one"])
    expect(await told(files("undecided", "two"))).toEqual(["two", "team", "Bearer token-of-two"])
    expect(await told(files("one", "other"))).toEqual(["one", "default", "Bearer token-of-one"])
    expect(await told(`:${files("two")}:`)).toEqual(["two", "team", "Bearer token-of-two"])
  })

  it("has contexts to choose from", async () => {
    expect(await told(files("one", "two"), { context: "two" })).toEqual(["two", "team", "Bearer token-of-two"])
    await expect(told(files("one", "two"), { context: "tow" })).rejects.toThrow(
      'the kubeconfig has no context "tow"; it has one, two',
    )
  })

  it("is that of the flag, before that of the environment", async () => {
    expect((await told(files("one"), { kubeconfig: files("two") }))[0]).toBe("two")
  })

  it("must be there, and name a cluster", async () => {
    await expect(told(files("none"))).rejects.toThrow(NoConnection)
    await expect(told(files("undecided"))).rejects.toThrow("names no current cluster")
  })
})
