// Where the API server is and how to prove who we are: the service account of a pod, or a kubeconfig.

import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import type { AgentOptions } from "node:https"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"

export interface Connection {
  readonly server: URL
  readonly tls: AgentOptions
  /** The Authorization header of the next request, if one is needed; tokens rotate, so it is asked each time. */
  readonly authorization: () => Promise<string | undefined>
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

/** The usual order: `KUBECONFIG` if set, else the pod's service account, else `~/.kube/config`. */
export async function connect(env: NodeJS.ProcessEnv): Promise<Connection> {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  return !KUBECONFIG && host && port ? inCluster(host, port) : fromKubeconfig(KUBECONFIG)
}

async function inCluster(host: string, port: string): Promise<Connection> {
  return {
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`),
    tls: { ca: await readFile(`${serviceAccount}/ca.crt`) },
    authorization: async () => `Bearer ${(await readFile(`${serviceAccount}/token`, "utf8")).trim()}`,
  }
}

/**
 * kubeconfig files and all their ways to sign in (exec plugins, OIDC, client certificates) are the Kubernetes
 * client's business. It takes most of half a second to load, so a pod, which has no kubeconfig, never does.
 */
async function fromKubeconfig(path: string | undefined): Promise<Connection> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js")
  const config = new KubeConfig()
  // Several files are merged, and the context of the first counts, as in kubectl.
  const [first = "", ...others] = (path || join(homedir(), ".kube", "config")).split(delimiter)
  config.loadFromFile(first)
  for (const file of others.filter(existsSync)) {
    const other = new KubeConfig()
    other.loadFromFile(file)
    config.mergeConfig(other, true)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null)
    throw new Error("the kubeconfig names no current cluster; set KUBECONFIG or kubectl config use-context")
  const options = async () => {
    const options: AgentOptions & { headers?: Record<string, string> } = {}
    await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0])
    return options
  }
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = await options()
  const tls = Object.fromEntries(
    Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }).filter(
      ([, v]) => v !== undefined,
    ),
  )
  const user = config.getCurrentUser()
  const basic = user?.username ? `Basic ${btoa(`${user.username}:${user.password}`)}` : undefined
  return {
    server: new URL(cluster.server),
    tls,
    authorization: async () => basic ?? (await options()).headers?.Authorization,
  }
}
