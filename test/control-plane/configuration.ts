// How the programs of the control plane are told to run: their arguments, keys and kubeconfig files.
import { generateKeyPairSync } from "node:crypto"
import { writeFileSync } from "node:fs"

export function etcdArgs(dataFolder: string, url: string): string[] {
  return [
    `--data-dir=${dataFolder}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    "--listen-peer-urls=http://127.0.0.1:0", // It has no peers.
  ]
}

interface ApiServerSettings {
  readonly at: (name: string) => string
  readonly etcdUrl: string
  readonly securePort: number
  readonly auditLog: boolean | undefined
}

export function apiServerArgs({ at, etcdUrl, securePort, auditLog }: ApiServerSettings): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    "--endpoint-reconciler-type=none", // It would publish that address, which an Endpoints object may not carry.
    `--secure-port=${securePort}`,
    `--cert-dir=${at("certs")}`,
    `--token-auth-file=${at("tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${at("service-account.pub")}`,
    `--service-account-signing-key-file=${at("service-account.key")}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    ...(auditLog ? auditArgs(at) : []),
  ]
}

const auditArgs = (at: (name: string) => string) => [
  `--audit-log-path=${at("audit.log")}`,
  `--audit-policy-file=${at("audit-policy.yaml")}`,
  "--audit-log-maxsize=10000", // Megabytes. The default of 100 would begin a new file, and lose whoever reads this one.
]

/** What Jobs, owner references, namespaces and quotas need; each further one costs start-up time. */
const controllers = [
  "job-controller",
  "garbage-collector-controller",
  "ttl-after-finished-controller",
  "namespace-controller",
  "serviceaccount-controller",
  "resourcequota-controller",
  "clusterrole-aggregation-controller",
]

export function controllerManagerArgs(at: (name: string) => string): string[] {
  return [
    `--kubeconfig=${at("kubeconfig")}`,
    `--controllers=${controllers.join(",")}`,
    `--service-account-private-key-file=${at("service-account.key")}`,
    "--leader-elect=false",
    "--secure-port=0",
    // The default of 20 requests a second would hold the Job controller to four Jobs a second.
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
  ]
}

/** One line for each answered request, without bodies: enough to count calls by user and verb. */
export const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
`

export function writeKeys(at: (name: string) => string): void {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "sec1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  })
  writeFileSync(at("service-account.key"), privateKey, { mode: 0o600 })
  writeFileSync(at("service-account.pub"), publicKey)
}

/** JSON, which is YAML too. */
export function kubeconfig({ server, ca, token }: { server: string; ca: string; token: string }): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace: "default" } }],
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "test", user: { token } }],
  })
}
