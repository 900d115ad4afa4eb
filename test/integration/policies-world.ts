// A control plane with the policies of config/policies in force, and people to try them: by impersonation, with the roles
// that Kubernetes and these components bring.

import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { parseAllDocuments } from "yaml"
import { type ApiClient, ApiError, apiClient } from "../control-plane/api-client.ts"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { findPrograms } from "../control-plane/programs.ts"
import { eventually, repository, succeed } from "./world.ts"

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly resourceVersion?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests look into manifests of any kind.
  readonly [field: string]: any
}

/** What an overlay with these components renders to. */
export function rendered(base: string, ...components: readonly string[]): readonly Manifest[] {
  const folder = mkdtempSync(join(tmpdir(), "peanut-policies-"))
  const at = (path: string) => relative(folder, repository(`config/${path}`))
  try {
    writeFileSync(
      join(folder, "kustomization.yaml"),
      JSON.stringify({ resources: [at(base)], components: components.map(at) }),
    )
    const text = execFileSync(join(findPrograms()!, "kubectl"), ["kustomize", folder], { encoding: "utf8" })
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const isPolicy = ({ kind }: Manifest) => /AdmissionPolicy/.test(kind)

/** Applies what an overlay says, but for Knative's kinds, which this API server does not have. */
export async function applyRights({ kubectl }: ControlPlane, manifests: readonly Manifest[]): Promise<void> {
  const kinds = /AdmissionPolicy|Role|^ServiceAccount$/
  const input = manifests.filter(({ kind }) => kinds.test(kind)).map((object) => JSON.stringify(object))
  await succeed(kubectl("apply", "-f", "-", { input: input.join("\n") }))
}

const group = "pipeline.peanut.dev"
export const path = (namespace: string, kind: string) => `/apis/${group}/v1alpha1/namespaces/${namespace}/${kind}`
export const jobsPath = (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`

/** Somebody with these cluster roles in this namespace. */
export async function person(
  { kubectl, server, ca, token }: ControlPlane,
  user: string,
  namespace: string,
  ...roles: readonly string[]
): Promise<ApiClient> {
  for (const role of roles) {
    await succeed(
      kubectl("create", "rolebinding", `${user}-${role}`, "-n", namespace, `--clusterrole=${role}`, `--user=${user}`),
    )
  }
  return apiClient({ server, ca, token, impersonate: { user } })
}

/** Opens a service account to somebody: kubectl create role knows no such verb. */
export async function openAccount(
  { api }: ControlPlane,
  namespace: string,
  name: string,
  ...subjects: readonly object[]
): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  const metadata = { name: `use-${name}` }
  const rules = [{ apiGroups: [""], resources: ["serviceaccounts"], resourceNames: [name], verbs: ["use"] }]
  await api.create(`${rbac}/roles`, { metadata, rules })
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name }
  await api.create(`${rbac}/rolebindings`, { metadata, roleRef, subjects })
}

/** An account, as whoever has its token. */
export function account({ server, ca, token }: ControlPlane, namespace: string, name: string): ApiClient {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`]
  return apiClient({ server, ca, token, impersonate: { user: `system:serviceaccount:${namespace}:${name}`, groups } })
}

/** `done`, or the code and the message of what the API server refused. */
export async function verdict(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "done",
    (error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      return `${error.code} ${error.message.replace(/^.*?: \d+ /, "").replace(/^.* denied request: /, "")}`
    },
  )
}

/** Policies count some moments after they were applied: until somebody's call is answered in the way that they say. */
export const untilInForce = (call: () => Promise<unknown>, expected: RegExp) =>
  eventually(
    () => verdict(call()),
    (answer) => expected.test(answer),
    30_000,
  )
