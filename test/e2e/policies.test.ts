// The policies on a real cluster: people do what they are allowed, the API server says who did, and Peanut does its work.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import type { Pipeline } from "../../src/api/pipeline.ts"
import { apply, eventually, get, kubectl, repository, useNamespace } from "./cluster.ts"
import { chain, expectEachStageOnce, hasEnded, readRun, run, until } from "./runs.ts"

const namespace = useNamespace()
const unlabelled = `${namespace}-unlabelled`
const policies = "validatingadmissionpolicies,validatingadmissionpolicybindings"
const stamps = "mutatingadmissionpolicies,mutatingadmissionpolicybindings"
const ours = ["-l", "app.kubernetes.io/component=policies"]

/** As that person, whom a kubeconfig of an administrator may impersonate. */
const as = (person: string, args: readonly string[], input = "") =>
  kubectl([...args, "-n", namespace, `--as=${person}`, "--as-group=system:authenticated"], input)
const refused = (call: Promise<string>) =>
  call.then(
    () => "nothing",
    (error: Error) => error.message,
  )

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "peanut-e2e-policies-"))
  const [resources, components] = ["config/default", "config/policies"].map((path) => [
    relative(folder, repository(path)),
  ])
  writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify({ resources, components }))
  const rendered = await kubectl(["kustomize", folder])
  rmSync(folder, { recursive: true })
  // Without the installation itself, whose image is not that of the manifests here.
  await kubectl(["apply", ...ours, "-f", "-"], rendered)
  await kubectl(["create", "namespace", unlabelled])
  await kubectl(["label", "namespace", namespace, "pipeline.peanut.dev/enabled=true"])
  for (const [person, role] of [
    ["bob", "edit"],
    ["alice", "admin"],
  ]) {
    await kubectl(["create", "rolebinding", person!, "-n", namespace, `--clusterrole=${role}`, `--user=${person}`])
  }
  // Policies and roles count some moments after they were applied.
  const probe = async () => {
    const text = JSON.stringify(run("probe", "none"))
    return JSON.parse(await as("bob", ["create", "--dry-run=server", "-o", "json", "-f", "-"], text)) as Execution
  }
  await eventually(probe, ({ metadata }) => metadata.annotations["pipeline.peanut.dev/started-by"] === "bob", 60)
})
afterAll(async () => {
  await kubectl(["delete", `${policies},${stamps},clusterroles`, ...ours])
  await kubectl(["delete", "namespace", unlabelled, "--wait=false"])
})

it("are right by the API server's own check of their types", async () => {
  interface Policy {
    readonly metadata: { readonly generation: number; readonly name: string }
    readonly status?: {
      readonly observedGeneration?: number
      readonly typeChecking?: { readonly expressionWarnings?: unknown }
    }
  }
  const read = async () =>
    (await get<{ items: readonly Policy[] }>("validatingadmissionpolicies", ...ours)).items.map(
      ({ metadata, status }) => ({
        name: metadata.name,
        isChecked: status?.observedGeneration === metadata.generation,
        warnings: status?.typeChecking?.expressionWarnings,
      }),
    )
  const checked = await eventually(read, (found) => found.every(({ isChecked }) => isChecked), 60)
  expect(checked.length).toBeGreaterThan(5)
  expect(checked.filter(({ warnings }) => warnings !== undefined)).toEqual([])
})

it("let a run wait for somebody who may approve, and say who that was", async () => {
  const objects = chain("gated", 2, 0) as { kind: string; spec: { stages?: object[] } }[]
  const gated = objects.map((object) =>
    object.kind === "PeanutPipeline"
      ? {
          ...object,
          spec: { stages: object.spec.stages!.map((stage, i) => (i === 1 ? { ...stage, approval: true } : stage)) },
        }
      : object,
  )
  const text = [...gated, run("gated", "gated")].map((object) => JSON.stringify(object)).join("\n")
  await as("bob", ["apply", "-f", "-"], text)
  await until(namespace, "gated", ({ status }) => status?.stages?.[1]?.reason === "AwaitingApproval", 60)
  const approve = ["patch", "pex", "gated", "--type=merge", "-p", '{"spec":{"approved":["Stage 2"]}}']
  expect(await refused(as("bob", approve))).toContain("it takes the verb approve")
  await as("alice", approve)
  await until(namespace, "gated", hasEnded, 60)
  await expectEachStageOnce(namespace, "gated")
  const { metadata } = await readRun(namespace, "gated")
  expect(metadata.annotations).toMatchObject({
    "pipeline.peanut.dev/started-by": "bob",
    "pipeline.peanut.dev/approved-by": '{"Stage 2":"alice"}',
  })
})

it("let Peanut cancel a run, and keep the PingSources of schedules", async () => {
  await as(
    "bob",
    ["apply", "-f", "-"],
    [...chain("long", 1, 300), run("long", "long")].map((o) => JSON.stringify(o)).join("\n"),
  )
  await until(namespace, "long", ({ status }) => status?.stages?.[0]?.phase === "Running", 60)
  await as("bob", ["patch", "pex", "long", "--type=merge", "-p", '{"spec":{"cancel":true}}'])
  const { status } = await until(namespace, "long", hasEnded, 60)
  expect(status?.phase).toBe("Cancelled")

  const scheduled = { name: "yearly", cron: "0 0 1 1 *" }
  await as("bob", ["patch", "ppl", "long", "--type=merge", "-p", JSON.stringify({ spec: { schedules: [scheduled] } })])
  const condition = async () =>
    (await get<Pipeline>("peanutpipeline", "long", "-n", namespace)).status?.conditions?.find(
      ({ type }) => type === "Scheduled",
    )
  expect(await eventually(condition, (found) => found !== undefined, 60)).toMatchObject({ status: "True" })
  await as("bob", ["patch", "ppl", "long", "--type=merge", "-p", '{"spec":{"schedules":[]}}'])
  const sources = () => kubectl(["get", "pingsources", "-n", namespace, "-o", "name"])
  await eventually(sources, (names) => names === "", 60)
})

it("keep Peanut out of a namespace that is not labelled, where a run says why it failed", async () => {
  await apply(unlabelled, ...chain("outside", 1, 0), run("outside", "outside"))
  const { status } = await until(unlabelled, "outside", hasEnded, 60)
  expect(status?.stages?.[0]).toMatchObject({ phase: "Failed", reason: "JobRejected" })
  expect(status?.stages?.[0]?.message).toContain("is not labelled pipeline.peanut.dev/enabled=true")
})
