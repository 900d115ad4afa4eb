// What the service accounts of Peanut may do, asked of a real API server for every verb on every resource it knows: all
// that they need, and nothing else.

import { CloudEvent } from "cloudevents"
import { beforeAll, describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import { apiClient } from "../control-plane/api-client.ts"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { describeWithControlPlane, useControlPlane } from "../control-plane/describe.ts"
import { startKubelet } from "../control-plane/kubelet.ts"
import { pingSourceDefinition } from "./ping-source-definition.ts"
import { startServer } from "./server.ts"
import { eventually, inNamespace, pipeline, repository, run, stage, succeed } from "./world.ts"

const group = "pipeline.peanut.dev"
const kinds = ["peanutstages", "peanutpipelines", "peanutpipelineexecutions"]
const each = (verbs: readonly string[], resources: readonly string[]) =>
  resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`))

const needs = {
  peanut: [
    ...each(
      ["get", "list"],
      kinds.map((kind) => `${group}/${kind}`),
    ),
    ...each(["create", "patch", "delete"], [`${group}/peanutpipelineexecutions`]),
    ...each(["get", "create", "patch", "delete"], ["sources.knative.dev/pingsources"]),
    `patch ${group}/peanutpipelineexecutions/status`,
    `patch ${group}/peanutpipelines/status`,
    `update ${group}/peanutpipelineexecutions/finalizers`,
    ...each(["get", "list", "create", "patch"], ["batch/jobs"]),
    "list pods",
    "create events",
  ].toSorted(),
  "peanut-source": each(
    ["get", "list", "watch"],
    [...kinds.map((kind) => `${group}/${kind}`), "batch/jobs", "pods"],
  ).toSorted(),
} as const
const accounts = Object.keys(needs) as (keyof typeof needs)[]

describeWithControlPlane("the rights of Peanut's service accounts", () => {
  const controlPlane = useControlPlane()
  let questions: readonly Question[]

  beforeAll(async () => {
    const { createNamespace, kubectl } = controlPlane()
    await createNamespace("peanut-system")
    await createNamespace("team")
    await succeed(kubectl("apply", "-k", repository("crds")))
    await succeed(kubectl("apply", "-f", "-", { input: JSON.stringify(pingSourceDefinition) }))
    await succeed(kubectl("wait", "--for=condition=Established", "crd", "--all"))
    questions = await everyQuestion(controlPlane())
  }, 60_000)

  it("are asked for everything that matters", () => {
    expect(questions.length).toBeGreaterThan(1000)
    expect(questions.map(told)).toEqual(
      expect.arrayContaining([
        "get secrets",
        "create pods/exec",
        "get pods/log",
        "create serviceaccounts/token",
        "impersonate serviceaccounts",
        "escalate rbac.authorization.k8s.io/clusterroles",
        "bind rbac.authorization.k8s.io/roles",
        "delete batch/jobs",
        `delete ${group}/peanutpipelines`,
        "list sources.knative.dev/pingsources",
        "deletecollection sources.knative.dev/pingsources",
        `update ${group}/peanutpipelineexecutions/status`,
      ]),
    )
  })

  describe("in config/default", () => {
    beforeAll(() => apply(controlPlane(), "config/default"))

    it.each(accounts)("let %s do what it needs in every namespace, and nothing else", async (account) => {
      expect(await allowed(account, "team")).toEqual(needs[account])
    })

    it.each(accounts)("let %s do the same across namespaces", async (account) => {
      expect(await allowed(account, undefined)).toEqual(needs[account])
    })
  })

  describe("with config/oidc", () => {
    beforeAll(async () => {
      await succeed(controlPlane().kubectl("apply", "-f", repository("config/oidc/token-review.yaml")))
    })

    it("let the controller review tokens and rights, too", async () => {
      const reviews = ["create authentication.k8s.io/tokenreviews", "create authorization.k8s.io/subjectaccessreviews"]
      expect(await allowed("peanut", undefined)).toEqual([...needs.peanut, ...reviews].toSorted())
      expect(await allowed("peanut-source", undefined)).toEqual(needs["peanut-source"])
    })
  })

  describe("in config/namespaced", () => {
    const [home, served] = ["peanut-team-a", "team-a"]

    beforeAll(async () => {
      const { kubectl, createNamespace } = controlPlane()
      await succeed(kubectl("delete", "clusterrolebindings", ...accounts))
      await succeed(kubectl("delete", "clusterroles", ...accounts))
      for (const namespace of [home, served]) await createNamespace(namespace)
      expect(await apply(controlPlane(), "config/namespaced")).toEqual(
        new Set(["ServiceAccount", "Role", "RoleBinding"]),
      )
    }, 60_000)

    it.each(accounts)("let %s do what it needs in the namespace that it serves, and nothing else", async (account) => {
      expect(await allowed(account, served, home)).toEqual(needs[account])
    })

    it.each([home, "team"])("let neither do anything in the namespace %s", async (namespace) => {
      for (const account of accounts) expect(await allowed(account, namespace, home)).toEqual([])
    })

    it.each(accounts)("let %s do nothing across namespaces", async (account) => {
      expect(await allowed(account, undefined, home)).toEqual([])
    })

    it("let Peanut run what is in the namespace that it serves, and nothing else", async () => {
      const plane = controlPlane()
      const kubelet = await startKubelet(plane)
      const server = await startServer(await plane.kubeconfigFor(home, "peanut"), { PEANUT_NAMESPACE: served })
      const ping = { type: "dev.knative.sources.ping", source: "/resync" }
      try {
        const [here, elsewhere] = [inNamespace(plane, served), inNamespace(plane, "team")]
        for (const { apply } of [here, elsewhere]) {
          await apply(stage("done", ["true"]), pipeline("p", "a:done → b:done"), run("x", "p"))
        }
        const looked = async () => {
          expect((await server.post(new CloudEvent({ ...ping, id: crypto.randomUUID() }))).status).toBe(202)
          return here.read("x")
        }
        await eventually(looked, ({ status }) => status?.phase === "Succeeded")
        expect((await elsewhere.read("x")).status).toBeUndefined()
        expect(server.log()).not.toMatch(/forbidden/i)
      } finally {
        await server.stop()
        await kubelet.stop()
      }
    }, 60_000)

    describe.each(["edit", "admin"])("who has the role %s in the served namespace", (role) => {
      const as = (...args: readonly string[]) => controlPlane().kubectl(...args, `--as=one-with-${role}`)

      beforeAll(async () => {
        const { kubectl } = controlPlane()
        await succeed(kubectl("apply", "-f", repository("config/default/users.yaml")))
        const user = `--user=one-with-${role}`
        await succeed(kubectl("create", "rolebinding", role, "-n", served, `--clusterrole=${role}`, user))
        // The roles are extended some moments later.
        const mayCreate = () => as("auth", "can-i", "create", "peanutpipelineexecutions", "-n", served)
        await eventually(mayCreate, ({ code }) => code === 0)
        const object = JSON.stringify(run(`run-of-${role}`, "none"))
        await succeed(kubectl("create", "-n", served, "-f", "-", `--as=one-with-${role}`, { input: object }))
      })

      it("gets no token of either account", async () => {
        for (const account of accounts) {
          const { stderr, code } = await as("create", "token", account, "-n", home)
          expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("forbidden") })
        }
      })

      it("gets no right from an account of the same name in the served namespace", async () => {
        await as("create", "serviceaccount", "peanut", "-n", served)
        await succeed(as("create", "token", "peanut", "-n", served))
        expect(await allowed("peanut", served, served)).toEqual([])
      })

      it("writes no status, which the controller's account can", async () => {
        const { server, ca, token } = controlPlane()
        const path = `/apis/${group}/v1alpha1/namespaces/${served}/peanutpipelineexecutions/run-of-${role}/status`
        const write = (user: string) =>
          apiClient({ server, ca, token, impersonate: { user } }).patch(
            path,
            { status: { phase: "Succeeded" } },
            "merge",
          )
        await expect(write(`one-with-${role}`)).rejects.toMatchObject({ code: 403 })
        await write(`system:serviceaccount:${home}:peanut`)
      })

      it("runs nothing in the controller's namespace, and changes nothing there", async () => {
        for (const [verb, resource] of [
          ["create", "pods"],
          ["create", "pods/exec"],
          ["patch", "serviceaccounts"],
          ["get", "secrets"],
          ["create", "rolebindings"],
        ] as const) {
          expect(await as("auth", "can-i", verb, resource, "-n", home)).toMatchObject({ code: 1 })
        }
      })
    })
  })

  /** What an account may do in a namespace, or in all, beyond what every account may. */
  async function allowed(account: string, namespace: string | undefined, home = "peanut-system") {
    const [its, everybodys] = await Promise.all([answers(account), answers("nobody")])
    return its.filter((answer) => !everybodys.includes(answer)).toSorted()

    async function answers(name: string): Promise<readonly string[]> {
      const mayI = async (question: Question) => {
        const { status } = await controlPlane().api.create<{ status: { allowed: boolean } }>(
          "/apis/authorization.k8s.io/v1/subjectaccessreviews",
          {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SubjectAccessReview",
            spec: {
              user: `system:serviceaccount:${home}:${name}`,
              groups: ["system:serviceaccounts", `system:serviceaccounts:${home}`, "system:authenticated"],
              resourceAttributes: { ...question, ...(namespace !== undefined && { namespace }) },
            },
          },
        )
        return status.allowed ? [told(question)] : []
      }
      const found: string[] = []
      for (let i = 0; i < questions.length; i += 50) {
        found.push(...(await Promise.all(questions.slice(i, i + 50).map(mayI))).flat())
      }
      return found
    }
  }
})

interface Question {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
}

const told = ({ verb, group, resource, subresource }: Question) =>
  `${verb} ${[group, resource, subresource].filter(Boolean).join("/")}`

const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
const powers = ["escalate", "bind", "impersonate", "use", "approve", "sign"]

/** Every verb on every resource and subresource that the API server serves. */
async function everyQuestion({ api }: ControlPlane): Promise<readonly Question[]> {
  const { groups } = await api.get<{ groups: { preferredVersion: { groupVersion: string } }[] }>("/apis")
  const paths = ["/api/v1", ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)]
  const lists = await Promise.all(paths.map((path) => api.get<{ resources: { name: string }[] }>(path)))
  const names = lists.flatMap(({ resources }, i) =>
    // Kubernetes serves no list of subresources that only guard something; this one matters to us.
    [...resources, ...(paths[i]!.includes(group) ? [{ name: "peanutpipelineexecutions/finalizers" }] : [])].map(
      ({ name }) => ({ group: paths[i]!.split("/")[2]!.replace(/^v1$/, ""), name }),
    ),
  )
  return names.flatMap(({ group, name }) => {
    const [resource = "", subresource] = name.split("/")
    return [...verbs, ...powers].map((verb) => ({ verb, group, resource, ...(subresource && { subresource }) }))
  })
}

/** Applies what an overlay says about accounts and rights, and names the kinds of that. */
async function apply({ kubectl }: ControlPlane, overlay: string): Promise<ReadonlySet<string>> {
  const rendered = await succeed(kubectl("kustomize", repository(overlay)))
  const documents = parseAllDocuments(rendered).map((document) => document.toJS() as { kind: string })
  const rights = documents.filter(({ kind }) => /^ServiceAccount$|Role/.test(kind))
  const input = rights.map((object) => JSON.stringify(object)).join("\n")
  await succeed(kubectl("apply", "-f", "-", { input }))
  return new Set(rights.map(({ kind }) => kind))
}
