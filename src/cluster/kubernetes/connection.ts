// Where the API server is and how to prove who we are: the service account of a pod, or a kubeconfig.

import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import type { AgentOptions } from "node:https"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import * as Data from "effect/Data"

export interface Connection {
  readonly server: URL
  readonly tls: AgentOptions
  /** The Authorization header of the next request, if one is needed; tokens rotate, so it is asked each time. */
  readonly authorization: () => Promise<string | undefined>
}

/** A connection as a person at a command line has it. */
export interface UserConnection extends Connection {
  /** Where commands look when they name no namespace. */
  readonly namespace: string
}

/** No kubeconfig, or one that does not say which cluster; the message says what to do. */
export class NoConnection extends Data.TaggedError("NoConnection")<{ readonly message: string }> {}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

/** The usual order: `KUBECONFIG` if set, else the pod's service account, else `~/.kube/config`. */
export async function connect(env: NodeJS.ProcessEnv): Promise<Connection> {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  return !KUBECONFIG && host && port ? inCluster(host, port) : fromKubeconfig(KUBECONFIG)
}

/** As kubectl: the file or the context that is named, else `KUBECONFIG`, else `~/.kube/config`, else the pod's account. */
export async function connectAsUser(
  env: NodeJS.ProcessEnv,
  named: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined } = {},
): Promise<UserConnection> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  const path = named.kubeconfig ?? env.KUBECONFIG ?? ""
  if (path === "" && !existsSync(defaultPath()) && host && port) {
    const namespace = (await readFile(`${serviceAccount}/namespace`, "utf8")).trim()
    return { ...(await inCluster(host, port)), namespace }
  }
  return fromKubeconfig(path, named.context)
}

const defaultPath = () => join(homedir(), ".kube", "config")

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
async function fromKubeconfig(path: string | undefined, context?: string): Promise<UserConnection> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js")
  const config = new KubeConfig()
  // Several files are merged, and the context of the first counts, as in kubectl; those that are missing are skipped.
  const named = (path || defaultPath()).split(delimiter).filter((file) => file !== "")
  const [first, ...others] = named.filter(existsSync)
  if (first === undefined) throw new NoConnection({ message: `there is no kubeconfig at ${named.join(" nor at ")}` })
  load(config, first)
  for (const file of others) {
    const other = new KubeConfig()
    load(other, file)
    // What an earlier file defines, a later one cannot change.
    other.clusters = other.clusters.filter(({ name }) => config.getCluster(name) === null)
    other.users = other.users.filter(({ name }) => config.getUser(name) === null)
    other.contexts = other.contexts.filter(({ name }) => config.getContextObject(name) === null)
    config.mergeConfig(other, config.currentContext !== undefined && config.currentContext !== "")
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name)
      throw new NoConnection({
        message: `the kubeconfig has no context "${context}"; it has ${known.join(", ") || "none"}`,
      })
    }
    config.setCurrentContext(context)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null)
    throw new NoConnection({
      message: "the kubeconfig names no current cluster; set KUBECONFIG or kubectl config use-context",
    })
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
    namespace: config.getContextObject(config.getCurrentContext())?.namespace || "default",
  }
}

function load(config: { loadFromFile(file: string): void }, file: string): void {
  try {
    config.loadFromFile(file)
  } catch (error) {
    throw new NoConnection({
      message: `cannot use the kubeconfig ${file}: ${error instanceof Error ? error.message : error}`,
    })
  }
}
