// config/policies on a real API server: what it refuses and to whom, what stands in the stamps whatever somebody writes
// there, and that Peanut itself can do all it has to.

import { beforeAll, describe, expect, it } from "vitest"
import { schedulePingSource } from "../../src/resources/ping-source.ts"
import { stopPatch } from "../../src/resources/stop.ts"
import type { ApiClient } from "../control-plane/api-client.ts"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { pingSourceDefinition } from "./ping-source-definition.ts"
import {
  account,
  applyRights,
  isPolicy,
  jobsPath,
  type Manifest,
  openAccount,
  path,
  person,
  rendered,
  untilInForce,
  verdict,
} from "./policies-world.ts"
import { eventually, inNamespace, pipeline, run, stage, succeed, useWorld } from "./world.ts"

const [team, other] = ["team", "other"]
const startedBy = "pipeline.peanut.dev/started-by"
const approvedBy = "pipeline.peanut.dev/approved-by"
const merge = "merge" as const

describeWithControlPlane("config/policies", () => {
  const world = useWorld()
  const plane = () => world().controlPlane
  // Of the namespace: one who edits, two who administer, and one who may write Peanut's objects and nothing else.
  let [bob, alice, anna, paul] = [] as unknown as readonly [ApiClient, ApiClient, ApiClient, ApiClient]
  let controller: ApiClient

  beforeAll(async () => {
    const { createNamespace, kubectl } = plane()
    for (const namespace of [team, other]) await createNamespace(namespace)
    await succeed(kubectl("label", "namespace", team, "pipeline.peanut.dev/enabled=true"))
    await succeed(kubectl("apply", "-f", "-", { input: JSON.stringify(pingSourceDefinition) }))
    await applyRights(plane(), rendered("default", "policies"))
    ;[bob, alice, anna, paul] = [
      await person(plane(), "bob", team, "edit"),
      await person(plane(), "alice", team, "admin"),
      await person(plane(), "anna", team, "admin"),
      await person(plane(), "paul", team, "peanut-edit", "peanut-view"),
    ]
    controller = account(plane(), "peanut-system", "peanut")
    // Aggregated roles take a moment, too.
    await untilInForce(() => bob.create(`${path(team, "peanutpipelines")}?dryRun=All`, pipeline("p", "a:b")), /^done$/)
    const probe = { ...run("probe", "p"), metadata: { name: "probe", annotations: { [startedBy]: "mallory" } } }
    const stamped = () => bob.create<Manifest>(`${path(team, "peanutpipelineexecutions")}?dryRun=All`, probe)
    await eventually(
      () => stamped().catch(() => undefined),
      (found) => found?.metadata.annotations?.[startedBy] === "bob",
    )
    await untilInForce(() => paul.create(`${path(team, "peanutstages")}?dryRun=All`, stage("probe", ["true"])), /^403/)
    await untilInForce(() => controller.create(`${jobsPath(other)}?dryRun=All`, job({})), /not labelled/)
  }, 120_000)

  describe("authors of stages", () => {
    const stages = path(team, "peanutstages")
    const withPod = (spec: unknown, name = "s") =>
      stage(name, ["true"], { jobTemplate: { spec: { template: { spec } } } })
    const create = (who: ApiClient, object: object) => verdict(who.create(`${stages}?dryRun=All`, object))
    const mayUse = "it takes the verb use on serviceaccounts"

    beforeAll(() => openAccount(plane(), team, "deployer", { kind: "User", name: "bob" }))

    it("must be allowed to create Jobs", async () => {
      expect(await create(paul, stage("s", ["true"]))).toBe(
        "403 paul may not create Jobs in namespace team, and so no PeanutStage, which is run as one",
      )
      expect(await create(bob, stage("s", ["true"]))).toBe("done")
    })

    it("must be allowed what they change a stage into, but not what they leave as it is", async () => {
      await bob.create(stages, withPod({ serviceAccountName: "deployer" }, "changed"))
      const change = (who: ApiClient, body: object) => verdict(who.patch(`${stages}/changed`, body, merge))
      expect(await change(paul, { metadata: { labels: { a: "b" } } })).toBe("done")
      expect(await change(paul, { spec: { image: "other" } })).toMatch(/^403 paul may not create Jobs/)
      const spec = { jobTemplate: { spec: { template: { spec: { serviceAccountName: "root" } } } } }
      expect(await change(bob, { spec })).toBe(`403 bob may not use service account root in namespace team: ${mayUse}`)
      expect(await change(alice, { spec })).toBe("done")
      expect(await change(bob, { metadata: { labels: { a: "c" } } })).toBe("done")
      expect(await change(bob, { spec: { image: "other" } })).toMatch(/^403 bob may not use service account root/)
    })

    it.each([
      [{ serviceAccountName: "deployer" }],
      [{ serviceAccount: "deployer" }],
      [{ serviceAccountName: "default" }],
      [{ serviceAccountName: "", serviceAccount: "deployer" }],
      [{ serviceAccountName: null }],
      [{ serviceAccountName: null, serviceAccount: "" }],
      [{ nodeSelector: null, containers: [] }],
      [{}],
    ])("may write %j, of an account that is open to them or of none", async (spec) => {
      expect(await create(bob, withPod(spec))).toBe("done")
    })

    it.each([
      [{ serviceAccountName: "root" }],
      [{ serviceAccount: "root" }],
      [{ serviceAccountName: "", serviceAccount: "root" }],
      [{ serviceAccountName: null, serviceAccount: "root" }],
      [{ serviceAccountName: "default", serviceAccount: "root" }],
      [{ serviceAccountName: "deployer", serviceAccount: "root" }],
      [{ serviceAccountName: "root", serviceAccount: "deployer" }],
    ])("may not write %j, whichever of the two names Kubernetes goes by", async (spec) => {
      expect(await create(bob, withPod(spec))).toMatch(
        /^403 bob may not use service account (deployer or )?root( or deployer)? in namespace team: it takes the verb use/,
      )
      expect(await create(alice, withPod(spec))).toBe("done")
    })

    it.each([[8080], [true], [["root"]], [{ name: "root" }]])(
      "are told that an account is text, where they write %j",
      async (serviceAccountName) => {
        expect(await create(alice, withPod({ serviceAccountName }))).toBe(
          "422 serviceAccountName and serviceAccount must be text",
        )
      },
    )

    it.each([[{ jobTemplate: {} }], [{ jobTemplate: { spec: {} } }], [{ jobTemplate: { spec: { template: {} } } }]])(
      "may leave out whatever %j leaves out",
      async (more) => {
        expect(await create(bob, stage("s", ["true"], more))).toBe("done")
      },
    )
  })

  describe("approving", () => {
    const executions = path(team, "peanutpipelineexecutions")
    const refusal =
      /^403 [\w:-]+ may not approve stages in namespace team: it takes the verb approve on peanutpipelineexecutions/
    const approved = (name: string, stages: readonly string[]) => ({
      ...run(name, "none"),
      spec: { pipelineName: "none", approved: stages },
    })

    it("takes the verb approve, when an execution is created and later", async () => {
      expect(await verdict(bob.create(executions, approved("early", ["Deploy"])))).toMatch(refusal)
      await bob.create(executions, approved("late", []))
      const patch = (who: ApiClient, stages: readonly string[]) =>
        verdict(who.patch(`${executions}/late`, { spec: { approved: stages } }, merge))
      expect(await patch(bob, ["Deploy"])).toMatch(refusal)
      expect(await patch(alice, ["Deploy"])).toBe("done")
      expect(await patch(bob, ["Deploy", "Test"])).toMatch(refusal)
      expect(await verdict(bob.patch(`${executions}/late`, { spec: { suspend: true } }, merge))).toBe("done")
      expect(await patch(bob, ["Deploy"])).toBe("done")
    })

    it("is not the controller's to do", async () => {
      await bob.create(executions, approved("by-controller", []))
      const patch = { spec: { approved: ["Deploy"] } }
      expect(await verdict(controller.patch(`${executions}/by-controller`, patch, merge))).toMatch(/^403/)
      expect(await verdict(controller.create(executions, approved("own", ["Deploy"])))).toMatch(refusal)
    })

    it("refuses control characters in a name", async () => {
      for (const name of ["a\nb", "\u001b[2J", "\u009b"]) {
        expect(await verdict(alice.create(executions, approved("odd", [name])))).toBe(
          "422 the name of a stage has no control characters",
        )
      }
    })

    it("works for as many stages as an execution can have", async () => {
      const names = Array.from({ length: 1000 }, (_, i) => `stage ${i} ${"x".repeat(100)}`)
      const object = await alice.create<Manifest>(executions, approved("many", names))
      expect(Object.keys(JSON.parse(object.metadata.annotations![approvedBy]!))).toEqual(names)
      await alice.create(executions, approved("more", names.slice(0, 500)))
      const more = await anna.patch<Manifest>(`${executions}/more`, { spec: { approved: names.slice(0, 600) } }, merge)
      const people = Object.values(JSON.parse(more.metadata.annotations![approvedBy]!))
      expect([people.length, people[499], people[500], people[599]]).toEqual([600, "alice", "anna", "anna"])
    })
  })

  describe("stamps", () => {
    const executions = path(team, "peanutpipelineexecutions")
    const forged = { [startedBy]: "mallory", [approvedBy]: '{"Deploy":"mallory"}', note: "kept" }
    const execution = (name: string, annotations?: Readonly<Record<string, string>>, approved?: readonly string[]) => ({
      ...run(name, "none"),
      metadata: { name, ...(annotations && { annotations }) },
      spec: { pipelineName: "none", ...(approved && { approved }) },
    })
    const stamps = async (name: string) => {
      const { metadata } = await plane().api.get<Manifest>(`${executions}/${name}`)
      return metadata.annotations ?? {}
    }

    it("say who created an execution, whatever he writes", async () => {
      await bob.create(executions, execution("plain"))
      expect(await stamps("plain")).toEqual({ [startedBy]: "bob" })
      await bob.create(executions, execution("forged", forged))
      expect(await stamps("forged")).toEqual({ [startedBy]: "bob", note: "kept" })
      await alice.create(executions, execution("approved", forged, ["Deploy"]))
      expect(await stamps("approved")).toEqual({
        [startedBy]: "alice",
        [approvedBy]: '{"Deploy":"alice"}',
        note: "kept",
      })
    })

    it("stay as they are, whoever changes or removes them in whichever way", async () => {
      await alice.create(executions, execution("held", undefined, ["Deploy"]))
      const before = await stamps("held")
      const at = `${executions}/held`
      const changes: readonly object[] = [
        { metadata: { annotations: forged } },
        { metadata: { annotations: { [startedBy]: null, [approvedBy]: null } } },
        { metadata: { annotations: null } },
        { metadata: { annotations: { [approvedBy]: "{}" } }, spec: { suspend: true } },
      ]
      for (const who of [bob, controller]) {
        for (const change of changes.slice(0, who === bob ? 4 : 3)) {
          await who.patch(at, change, merge)
          expect(await stamps("held")).toMatchObject(before)
        }
      }
      const { metadata, ...whole } = await plane().api.get<Manifest>(at)
      await succeed(
        plane().kubectl("replace", "--as=bob", "-n", team, "-f", "-", {
          input: JSON.stringify({ ...whole, metadata: { name: "held", resourceVersion: metadata.resourceVersion } }),
        }),
      )
      expect(await stamps("held")).toEqual(before)
    })

    it("are not written by way of the status", async () => {
      await bob.create(executions, execution("by-status"))
      const change = { metadata: { annotations: forged }, status: { phase: "Running" } }
      await controller.patch(`${executions}/by-status/status`, change, merge)
      expect(await stamps("by-status")).toEqual({ [startedBy]: "bob" })
    })

    it("cannot be added later to an execution that has none", async () => {
      const { kubectl } = plane()
      // As one from before the policies: what stands there is nobody's word, and nobody makes it so.
      const bindings = ["mutatingadmissionpolicybinding/peanut-stamps"]
      await succeed(kubectl("delete", ...bindings))
      try {
        const created = () => bob.create<Manifest>(`${executions}?dryRun=All`, execution("probe"))
        await eventually(created, ({ metadata }) => metadata.annotations === undefined)
        await bob.create(executions, execution("old"))
        // Where nothing stamps, what somebody writes is refused.
        expect(await verdict(bob.create(executions, execution("lie", { [startedBy]: "mallory" })))).toMatch(
          /^403 the annotation pipeline.peanut.dev\/started-by is not for people/,
        )
        expect(await verdict(bob.create(executions, execution("lie", { [approvedBy]: "{}" })))).toMatch(
          /^403 the annotation pipeline.peanut.dev\/approved-by is not for people/,
        )
        const change = (annotations: object) =>
          verdict(bob.patch(`${executions}/old`, { metadata: { annotations } }, merge))
        expect(await change({ [startedBy]: "mallory" })).toMatch(/^403/)
        expect(await change({ [approvedBy]: "{}" })).toMatch(/^403/)
        expect(await change({ note: "fine" })).toBe("done")
        expect(
          await verdict(bob.patch(`${executions}/held`, { metadata: { annotations: { [startedBy]: null } } }, merge)),
        ).toMatch(/^403/)
      } finally {
        await applyRights(plane(), rendered("default", "policies"))
      }
      const created = () => bob.create<Manifest>(`${executions}?dryRun=All`, execution("probe"))
      await eventually(created, ({ metadata }) => metadata.annotations?.[startedBy] === "bob")
      await bob.patch(`${executions}/old`, { metadata: { annotations: forged } }, merge)
      expect(await stamps("old")).toEqual({ note: "kept" })
    })

    it("say who approved which stage, in steps and several at once", async () => {
      await bob.create(executions, execution("steps"))
      const approve = (who: ApiClient, approved: readonly string[], annotations: object = {}) =>
        who.patch(`${executions}/steps`, { metadata: { annotations }, spec: { approved } }, merge)
      await approve(alice, ["Build"], forged)
      await approve(anna, ["Build", "Deploy", "Test"], { [approvedBy]: null })
      await approve(alice, ["Test", 'Clean "up" \\ ü 漢', "Deploy", "Build", "__proto__"])
      const people = JSON.parse((await stamps("steps"))[approvedBy]!)
      expect(Object.entries(people)).toEqual([
        ["Build", "alice"],
        ["Deploy", "anna"],
        ["Test", "anna"],
        ['Clean "up" \\ ü 漢', "alice"],
        ["__proto__", "alice"],
      ])
    })

    it("leave it to the controller to say for whom it starts an execution, and to nobody else", async () => {
      await controller.create(executions, execution("for-carol", { ...forged, [startedBy]: "carol" }))
      expect(await stamps("for-carol")).toEqual({ [startedBy]: "carol", note: "kept" })
      await controller.create(executions, execution("for-nobody"))
      expect(await stamps("for-nobody")).toEqual({ [startedBy]: "system:serviceaccount:peanut-system:peanut" })
      const namesake = account(plane(), team, "peanut")
      const { kubectl } = plane()
      await succeed(
        kubectl(
          "create",
          "rolebinding",
          "namesake",
          "-n",
          team,
          "--clusterrole=edit",
          `--serviceaccount=${team}:peanut`,
        ),
      )
      await namesake.create(executions, execution("namesake", forged))
      expect(await stamps("namesake")).toMatchObject({ [startedBy]: "system:serviceaccount:team:peanut" })
    })

    it("leave what is malformed to the schema", async () => {
      for (const approved of ["Deploy", [1], { Deploy: true }, null]) {
        const object = { ...run("malformed", "none"), spec: { pipelineName: "none", approved } }
        expect(await verdict(alice.create(executions, object))).toMatch(
          approved === null ? /^(done|422 .*spec.approved)/ : /^422 .*spec.approved/,
        )
      }
      expect(await verdict(alice.create(executions, { ...run("malformed-2", "none"), spec: null }))).toMatch(
        /^422 .*spec/,
      )
    })
  })

  describe("a Job of an execution", () => {
    const refusal = "403 a Job of an execution counts as its stage: only Peanut creates one"

    it("is made by Peanut alone", async () => {
      for (const who of [bob, alice, plane().api]) {
        expect(await verdict(who.create(`${jobsPath(team)}?dryRun=All`, job({})))).toBe(refusal)
        expect(await verdict(who.create(`${jobsPath(team)}?dryRun=All`, job({ owners: [] })))).toBe("done")
      }
      expect(await verdict(controller.create(`${jobsPath(team)}?dryRun=All`, job({})))).toBe("done")
      // A UID counts under each of these, whatever it is the UID of.
      for (const kind of ["PeanutPipeline", "PeanutStage", "Anything"]) {
        const forged = job({ owners: [{ ...owner, kind }] })
        expect(await verdict(bob.create(`${jobsPath(team)}?dryRun=All`, forged))).toBe(refusal)
      }
      const ofJob = job({ owners: [{ ...owner, apiVersion: "batch/v1", kind: "Job" }] })
      expect(await verdict(bob.create(`${jobsPath(team)}?dryRun=All`, ofJob))).toBe(refusal)
      const ofCronJob = job({ owners: [{ ...owner, apiVersion: "batch/v1", kind: "CronJob" }] })
      expect(await verdict(bob.create(`${jobsPath(team)}?dryRun=All`, ofCronJob))).toBe("done")
    })

    it("is not made of another one, and may be changed as any", async () => {
      await bob.create(jobsPath(team), job({ name: "plain", owners: [], more: { suspend: true } }))
      const patch = (name: string, metadata: object) =>
        verdict(bob.patch(`${jobsPath(team)}/${name}`, { metadata }, merge))
      expect(await patch("plain", { ownerReferences: [owner] })).toBe(refusal)
      expect(await patch("plain", { ownerReferences: [{ ...owner, controller: false }] })).toBe("done")
      expect(await patch("plain", { ownerReferences: [owner] })).toBe(refusal)
      await controller.create(jobsPath(team), job({ name: "of-x", more: { suspend: true } }))
      const { metadata } = await plane().api.get<Manifest>(`${jobsPath(team)}/of-x`)
      expect(metadata.name).toBe("of-x")
      expect(await patch("of-x", { labels: { a: "b" } })).toBe("done")
      expect(await patch("of-x", { ownerReferences: [{ ...owner, uid: "1".repeat(8) }] })).toBe(refusal)
      expect(await verdict(bob.delete(`${jobsPath(team)}/of-x`))).toBe("done")
    })
  })

  describe("whoever holds the controller's account", () => {
    it("creates Jobs of executions only, where the namespace is labelled", async () => {
      const create = (namespace: string, object: object) =>
        verdict(controller.create(`${jobsPath(namespace)}?dryRun=All`, object))
      expect(await create(team, job({}))).toBe("done")
      expect(await create(other, job({}))).toBe("403 namespace other is not labelled pipeline.peanut.dev/enabled=true")
      for (const owners of [
        undefined,
        [],
        [{ ...owner, controller: false }],
        [{ ...owner, kind: "PeanutPipeline" }],
        [{ ...owner, apiVersion: "example.com/v1" }],
      ]) {
        expect(await create(team, job({ owners }))).toBe("403 the controller creates Jobs of executions only")
      }
    })

    it("uses the accounts that are open to pipelines", async () => {
      const create = (serviceAccountName: string) =>
        verdict(controller.create(`${jobsPath(team)}?dryRun=All`, job({ pod: { serviceAccountName } })))
      expect(await create("default")).toBe("done")
      expect(await create("root")).toMatch(/^403 service account root is not open to pipelines: give system:/)
      const old = job({ pod: { serviceAccount: "root" } })
      expect(await verdict(controller.create(`${jobsPath(team)}?dryRun=All`, old))).toMatch(/^403 service account root/)
      await openAccount(plane(), team, "open", { kind: "ServiceAccount", namespace: "peanut-system", name: "peanut" })
      expect(await create("open")).toBe("done")
    })

    it("changes no Job but to stop it, and only one of an execution", async () => {
      const { api, kubectl } = plane()
      await api.create(jobsPath(team), job({ name: "foreign", owners: [] }))
      await controller.create(jobsPath(team), job({ name: "ours", more: { suspend: true, activeDeadlineSeconds: 60 } }))
      const patch = (name: string, body: object) => verdict(controller.patch(`${jobsPath(team)}/${name}`, body, merge))
      expect(await patch("foreign", stopPatch)).toBe("403 the controller stops Jobs of executions only")
      const only = "403 the only change that the controller makes of a Job is to stop it"
      for (const change of [
        { spec: { suspend: false } },
        { spec: { activeDeadlineSeconds: 30 } },
        { metadata: { labels: { a: "b" } } },
        { spec: { ...stopPatch.spec, parallelism: 2 } },
        { spec: { ...stopPatch.spec, suspend: false } },
        { spec: { ...stopPatch.spec, template: { spec: { nodeSelector: { a: "b" } } } } },
        { ...stopPatch, metadata: { ownerReferences: null } },
      ]) {
        expect(await patch("ours", change)).toBe(only)
      }
      expect(await patch("foreign", { metadata: { ownerReferences: [owner] }, ...stopPatch })).toMatch(/^403/)
      await succeed(kubectl("label", "namespace", team, "pipeline.peanut.dev/enabled-"))
      expect(await patch("ours", stopPatch)).toBe("done")
      await succeed(kubectl("label", "namespace", team, "pipeline.peanut.dev/enabled=true"))
    })

    it("changes nothing of an execution but to cancel it", async () => {
      const executions = path(team, "peanutpipelineexecutions")
      await bob.create(executions, { ...run("steered", "none"), spec: { pipelineName: "none", suspend: true } })
      const patch = (body: object) => verdict(controller.patch(`${executions}/steered`, body, merge))
      const only = "403 the only change that the controller makes of an execution is to cancel it"
      for (const spec of [
        { suspend: false },
        { suspend: null },
        { ttlSecondsAfterFinished: 1 },
        { cancel: true, suspend: null },
        { cancel: true, ttlSecondsAfterFinished: 1 },
      ]) {
        expect(await patch({ spec })).toBe(only)
      }
      expect(await patch({ spec: { cancel: true } })).toBe("done")
    })

    it("has Knative send to Peanut only, for pipelines", async () => {
      const sources = `/apis/sources.knative.dev/v1/namespaces/${team}/pingsources`
      const { api } = plane()
      const created = await api.create<{ metadata: { name: string; namespace: string; uid: string } }>(
        path(team, "peanutpipelines"),
        pipeline("nightly", "a:b"),
      )
      const here = { metadata: created.metadata } as Parameters<typeof schedulePingSource>[0]
      const ours = schedulePingSource(
        here,
        { name: "s", cron: "0 3 * * *" },
        { name: "peanut", namespace: "peanut-system" },
      )
      expect(await verdict(controller.create(sources, ours))).toBe("done")
      const at = `${sources}/${ours.metadata.name}`
      expect(await verdict(controller.patch(at, { spec: { schedule: "0 4 * * *" } }, merge))).toBe("done")
      const toPeanut = "403 the PingSources of pipelines send to Peanut only"
      const { sink } = ours.spec
      for (const other of [
        { uri: "http://169.254.169.254/" },
        { ref: sink.ref, uri: "http://169.254.169.254/" },
        { ref: sink.ref, uri: "//169.254.169.254/" },
        { ref: sink.ref, uri: "/namespaces/other/pipelines/p" },
        { ref: { ...sink.ref, namespace: "other" }, uri: sink.uri },
        { ref: { ...sink.ref, name: "victim" }, uri: sink.uri },
        { ref: { ...sink.ref, apiVersion: "v1" }, uri: sink.uri },
      ]) {
        const forged = { ...ours, metadata: { ...ours.metadata, name: "forged" }, spec: { ...ours.spec, sink: other } }
        const answer = await verdict(controller.create(sources, forged))
        expect(answer).toMatch(/^403/)
        if ("ref" in other) expect(answer).toBe(toPeanut)
      }
      const unowned = { ...ours, metadata: { name: "unowned" } }
      expect(await verdict(controller.create(sources, unowned))).toBe(
        "403 the controller keeps the PingSources of pipelines only",
      )
      await api.create(sources, unowned)
      const take = { metadata: { ownerReferences: ours.metadata.ownerReferences } }
      expect(await verdict(controller.patch(`${sources}/unowned`, take, merge))).toMatch(/^403 the controller keeps/)
      expect(await verdict(controller.delete(`${sources}/unowned`))).toMatch(/^403 the controller keeps/)
      expect(await verdict(controller.delete(at))).toBe("done")
    })

    it("is held to that in each Peanut of a cluster, and no account that only has its name is", async () => {
      const { kubectl } = plane()
      const [theirs, namesake] = ["peanut-team-b", "third"]
      await plane().createNamespace(namesake)
      const bind = (name: string, namespace: string, role: string, home: string) =>
        succeed(
          kubectl(
            "create",
            "rolebinding",
            name,
            "-n",
            namespace,
            `--clusterrole=${role}`,
            `--serviceaccount=${home}:peanut`,
          ),
        )
      await bind("another-peanut", namesake, "peanut", theirs)
      await bind("builder", namesake, "edit", namesake)
      const create = (home: string) =>
        verdict(account(plane(), home, "peanut").create(`${jobsPath(namesake)}?dryRun=All`, job({ owners: [] })))
      expect(await create(theirs)).toBe("403 namespace third is not labelled pipeline.peanut.dev/enabled=true")
      expect(await create(namesake)).toBe("done")
      const executions = path(namesake, "peanutpipelineexecutions")
      const starts = { ...run("started", "none"), metadata: { name: "started", annotations: { [startedBy]: "carol" } } }
      const { metadata } = await account(plane(), theirs, "peanut").create<Manifest>(executions, starts)
      expect(metadata.annotations).toEqual({ [startedBy]: "carol" })
    })

    it("tells people of pipelines and executions only", async () => {
      const create = (apiVersion: string, kind: string) =>
        verdict(
          controller.create(`/api/v1/namespaces/${team}/events?dryRun=All`, {
            metadata: { name: "told" },
            involvedObject: { apiVersion, kind, namespace: team, name: "x" },
            reason: "Told",
            message: "told",
            type: "Normal",
          }),
        )
      expect(await create("pipeline.peanut.dev/v1alpha1", "PeanutPipeline")).toBe("done")
      expect(await create("v1", "Secret")).toBe("403 the controller tells of pipelines and executions only")
    })
  })

  describe("a run", () => {
    it("goes through under the policies, approvals, accounts, cancelling and all", async () => {
      const here = inNamespace(plane(), team)
      const { kubectl } = plane()
      await succeed(kubectl("create", "serviceaccount", "open", "-n", team))
      const pod = { serviceAccountName: "open" }
      const template = { jobTemplate: { spec: { template: { spec: pod } } } }
      await alice.create(path(team, "peanutstages"), stage("open", ["true"], template))
      await bob.create(path(team, "peanutstages"), stage("long", ["sleep", "5000"]))
      const gated = pipeline("gated", "a:open → b:open")
      gated.spec.stages[1] = { ...gated.spec.stages[1]!, approval: true } as never
      await bob.create(path(team, "peanutpipelines"), gated)
      await bob.create(path(team, "peanutpipelines"), pipeline("long", "a:long"))
      await bob.create(here.executions, run("gated-1", "gated"))
      await here.until("gated-1", ({ status }) => status?.stages?.[1]?.reason === "AwaitingApproval")
      await alice.patch(`${here.executions}/gated-1`, { spec: { approved: ["b"] } }, merge)
      expect((await here.finished("gated-1")).status?.phase).toBe("Succeeded")

      await bob.create(here.executions, run("long-1", "long"))
      await here.until("long-1", ({ status }) => status?.stages?.[0]?.phase === "Running")
      await bob.patch(`${here.executions}/long-1`, { spec: { cancel: true } }, merge)
      expect((await here.finished("long-1")).status?.phase).toBe("Cancelled")
    }, 60_000)

    it("fails in a namespace that is not labelled, and says so", async () => {
      const there = inNamespace(plane(), other)
      await there.apply(stage("done", ["true"]), pipeline("p", "a:done"), run("x", "p"))
      const { status } = await there.finished("x")
      expect(status).toMatchObject({ phase: "Failed", stages: [{ reason: "JobRejected" }] })
      expect(status?.stages?.[0]?.message).toContain("namespace other is not labelled pipeline.peanut.dev/enabled=true")
    })
  })
})

describeWithControlPlane("the manifests of config/policies", () => {
  const variablesOf = (manifests: readonly Manifest[], kind: string) =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === "peanut-stamps")?.spec.variables

  it("look at every part of an object that can say what a pod is", () => {
    // Whoever adds such a part, a stage written inside of a pipeline for example, adds it to stage-authors.yaml.
    const definitions = rendered("default").filter(({ kind }) => kind === "CustomResourceDefinition")
    expect(definitions.length).toBeGreaterThan(2)
    const parts = definitions.flatMap(({ spec }) =>
      placesOf(
        spec.versions[0].schema.openAPIV3Schema.properties.spec,
        /^(jobTemplate|podTemplate|serviceAccount.*)$/,
      ).map((place) => `${spec.names.plural}: spec${place}`),
    )
    expect(parts).toEqual(["peanutstages: spec.jobTemplate"])
  })

  it("compute a stamp and check it by the same expressions", () => {
    const manifests = rendered("default", "policies")
    expect(variablesOf(manifests, "MutatingAdmissionPolicy")).toHaveLength(12)
    expect(variablesOf(manifests, "MutatingAdmissionPolicy")).toEqual(
      variablesOf(manifests, "ValidatingAdmissionPolicy"),
    )
  })

  it("can leave out what Kubernetes before 1.36 does not have", () => {
    const kinds = (components: string) =>
      new Set(
        rendered("default", components)
          .filter(isPolicy)
          .map(({ kind }) => kind),
      )
    const validating = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
    expect(kinds("policies/validating")).toEqual(new Set(validating))
    expect(kinds("policies/stamps")).toEqual(new Set(["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]))
    expect(kinds("policies").size).toBe(4)
  })

  it("know the controller by the name of its account, in every overlay", () => {
    const names = (base: string) =>
      rendered(base, "policies").flatMap(
        (manifest) => JSON.stringify(manifest).match(/request\.userInfo\.username\.endsWith\([^)]*\)/g) ?? [],
      )
    const expected = (account: string) => Array(8).fill(`request.userInfo.username.endsWith(':' + '${account}')`)
    expect(names("default")).toEqual(expected("peanut"))
    expect(names("namespaced")).toEqual(expected("peanut"))
  })
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
}

/** Where in a schema fields of such names stand. */
function placesOf({ properties = {}, items, additionalProperties }: Schema, name: RegExp, at = ""): readonly string[] {
  const fields = Object.entries(properties).flatMap(([field, schema]) =>
    name.test(field) ? [`${at}.${field}`] : placesOf(schema, name, `${at}.${field}`),
  )
  const inner = [items, additionalProperties].filter((schema) => typeof schema === "object")
  return [...fields, ...inner.flatMap((schema) => placesOf(schema, name, `${at}[]`))]
}

const owner = {
  apiVersion: "pipeline.peanut.dev/v1alpha1",
  kind: "PeanutPipelineExecution",
  name: "x",
  uid: "00000000-0000-0000-0000-000000000000",
  controller: true,
}

/** A Job; of an execution, unless told otherwise. */
function job(options: {
  readonly name?: string
  readonly owners?: readonly object[] | undefined
  readonly pod?: object
  readonly more?: object
}) {
  const { name = "job", pod = {}, more = {} } = options
  const owners = "owners" in options ? options.owners : [owner]
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, ...(owners && { ownerReferences: owners }) },
    spec: {
      ...more,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "stage", image: "busybox" }], ...pod } },
    },
  }
}
