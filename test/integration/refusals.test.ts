// What a real API server says of Jobs that it does not take, and what Peanut makes of it: the stage waits where that can
// change, and has failed where it cannot, whatever the Job is called.

import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { beforeAll, expect, it, onTestFinished } from "vitest"
import type { JobManifest } from "../../src/api/job.ts"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { connect } from "../../src/cluster/kubernetes/connection.ts"
import { httpClient } from "../../src/cluster/kubernetes/http-client.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { createJobs } from "../../src/controller/create-jobs.ts"
import { describeWithControlPlane, useControlPlane } from "../control-plane/describe.ts"
import { temporaryFolder } from "../control-plane/processes.ts"
import { eventually, succeed } from "./world.ts"

// Stages and executions may be called like this.
const names = ["denied", "exceeded-quota", "admission-webhook", "is-forbidden", "plain"]

describeWithControlPlane("a Job that the API server refuses", () => {
  const plane = useControlPlane()

  const jobNamed = (namespace: string, name: string, image = "busybox"): JobManifest =>
    ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, namespace, labels: {}, annotations: {}, ownerReferences: [] },
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "stage", image }] } } },
    }) as never

  /** What becomes of Jobs of all these names. */
  const refusals = async (
    namespace: string,
    { image, kubeconfig = plane().kubeconfig }: { image?: string; kubeconfig?: string } = {},
  ) => {
    const cluster = makeCluster(kubernetesApi(httpClient(await connect({ KUBECONFIG: kubeconfig }))))
    const jobs = names.map((name) => jobNamed(namespace, name, image))
    const { refusals } = await Effect.runPromise(createJobs(jobs).pipe(Effect.provideService(Cluster, cluster)))
    return new Set(names.map((name) => refusals.get(name)?.reason ?? "created"))
  }

  beforeAll(async () => {
    const policy = (name: string, reason: string) => [
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: {
          matchConstraints: {
            resourceRules: [{ apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["jobs"] }],
          },
          validations: [{ expression: "false", message: `exceeded quota: ${name}`, reason }],
        },
      },
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: {
          policyName: name,
          validationActions: ["Deny"],
          matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } },
        },
      },
    ]
    const objects = ["Forbidden", "Invalid", "RequestEntityTooLarge"].flatMap((reason) =>
      policy(`by-policy-${reason.toLowerCase()}`, reason),
    )
    const input = objects.map((object) => JSON.stringify(object)).join("\n")
    await succeed(plane().kubectl("apply", "-f", "-", { input }))
  }, 30_000)

  it("for a quota waits", async () => {
    const { kubectl, createNamespace } = plane()
    const namespace = await createNamespace("over-quota")
    await succeed(kubectl("create", "quota", "none", "-n", namespace, "--hard=count/jobs.batch=0"))
    expect(await refusals(namespace)).toEqual(new Set(["JobForbidden"]))
  })

  it("for want of rights waits", async () => {
    const namespace = await plane().createNamespace("no-rights")
    await succeed(plane().kubectl("create", "serviceaccount", "nobody", "-n", namespace))
    const kubeconfig = await plane().kubeconfigFor(namespace, "nobody")
    expect(await refusals(namespace, { kubeconfig })).toEqual(new Set(["JobForbidden"]))
  })

  it("for a namespace that is going away waits", async () => {
    const namespace = await plane().createNamespace("going")
    const { kubectl } = plane()
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "held", finalizers: ["example.com/held"] } }
    await succeed(kubectl("apply", "-n", namespace, "-f", "-", { input: JSON.stringify(object) }))
    await succeed(kubectl("delete", "namespace", namespace, "--wait=false"))
    expect(await refusals(namespace)).toEqual(new Set(["JobForbidden"]))
    await succeed(
      kubectl("patch", "configmap", "held", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'),
    )
  })

  it.each(["Forbidden", "Invalid", "RequestEntityTooLarge"])(
    "by a policy with the reason %s has failed",
    async (reason) => {
      const namespace = await plane().createNamespace(`by-policy-${reason.toLowerCase()}`)
      await eventually(
        () => refusals(namespace),
        (seen) => !seen.has("created"),
        30_000,
      )
      expect(await refusals(namespace)).toEqual(new Set(["JobRejected"]))
    },
  )

  // As its own answer, 404 or 409 would mean that the namespace is gone, or that the Job exists.
  it.each([undefined, 401, 404, 409])("by a webhook that chose the code %s has failed", async (code) => {
    const namespace = await plane().createNamespace(`by-webhook-${code ?? "without-code"}`)
    const { url, certificate } = await startWebhook({ message: "exceeded quota: no", ...(code && { code }) })
    const configuration = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: namespace },
      webhooks: [
        {
          name: "policy.example.com",
          clientConfig: { url, caBundle: Buffer.from(certificate).toString("base64") },
          rules: [{ apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["jobs"] }],
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    }
    await succeed(plane().kubectl("apply", "-f", "-", { input: JSON.stringify(configuration) }))
    await eventually(
      () => refusals(namespace),
      (seen) => !seen.has("created"),
      30_000,
    )
    expect(await refusals(namespace)).toEqual(new Set(["JobRejected"]))
  })

  it("because it is invalid has failed", async () => {
    const namespace = await plane().createNamespace("invalid")
    expect(await refusals(namespace, { image: "" })).toEqual(new Set(["JobRejected"]))
  })
})

/** An admission webhook that denies everything with this status. */
async function startWebhook(status: object) {
  const folder = temporaryFolder("peanut-webhook-")
  onTestFinished(() => folder.remove())
  const [key = "", certificate = ""] = ["key.pem", "certificate.pem"].map((name) => join(folder.path, name))
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
  const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject]
  execFileSync("openssl", words, { stdio: "ignore" })
  const pem = readFileSync(certificate, "utf8")
  const server = createServer({ key: readFileSync(key), cert: pem }, async (request, response) => {
    const { request: review } = JSON.parse((await request.toArray()).join("")) as { request: { uid: string } }
    const answer = { uid: review.uid, allowed: false, status }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: answer }))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, certificate: pem }
}
