// A real Kubernetes control plane for one test file: etcd, kube-apiserver and the controllers that Jobs need, on free
// ports and in a folder of its own. There is no node: kubelet.ts plays the pods.
import { execFile } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Adapter, type AdapterOptions, startAdapterProcess } from "./adapter.ts"
import { type ApiClient, ApiError, apiClient } from "./api-client.ts"
import { apiServerArgs, auditPolicy, controllerManagerArgs, etcdArgs, kubeconfig, writeKeys } from "./configuration.ts"
import { freePort, type Running, ready, start, temporaryFolder } from "./processes.ts"
import { findPrograms, howToGetPrograms } from "./programs.ts"
import type { Program } from "./sources.ts"

export interface ControlPlaneOptions {
  /** Have the API server write one JSON line for each request it answered to `ControlPlane.auditLog`. */
  readonly auditLog?: boolean
}

export interface ControlPlane {
  readonly server: string
  /** PEM. */
  readonly ca: string
  /** Of a user in system:masters. */
  readonly token: string
  /** A file for that user, for kubectl and for any client library. */
  readonly kubeconfig: string
  /** A file for a service account, to see whether its roles suffice. */
  readonly kubeconfigFor: (namespace: string, serviceAccount: string) => Promise<string>
  /** As the same user; answers are parsed, errors are `ApiError`s. */
  readonly api: ApiClient
  /** Never throws for an exit code: a test may want the failure. */
  readonly kubectl: (...args: readonly string[] | [...string[], KubectlOptions]) => Promise<KubectlResult>
  /** A namespace in which pods can be created at once. */
  readonly createNamespace: (name?: string) => Promise<string>
  readonly startAdapter: (options: AdapterOptions) => Promise<Adapter>
  readonly stopApiServer: () => Promise<void>
  readonly startApiServer: () => Promise<void>
  readonly restartApiServer: () => Promise<void>
  /** Path; empty string without the option. */
  readonly auditLog: string
  /** Where every program writes NAME.log; gone after stop(). */
  readonly folder: string
  readonly pids: () => readonly number[]
  /** Of etcd, kube-apiserver or kube-controller-manager as it runs now. */
  readonly pidOf: (program: Program) => number
  readonly stop: () => Promise<void>
}

export interface KubectlOptions {
  /** Standard input, for `-f -`. */
  readonly input?: string
}

export interface KubectlResult {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = findPrograms()
  if (!programs) throw new Error(`the control plane cannot start: ${howToGetPrograms}`)
  const { path: folder, remove } = temporaryFolder("peanut-control-plane-")
  const at = (name: string) => join(folder, name)
  const program = (name: Program) => join(programs, name)
  const [etcdPort, securePort] = [await freePort(), await freePort()]
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const server = `https://127.0.0.1:${securePort}`
  const token = "admin-of-this-test"
  const running = new Map<string, Running>()
  const adapters: Adapter[] = []

  const run = (name: Program, args: readonly string[]) => {
    const started = start({ program: program(name), args, logFile: at(`${name}.log`) })
    running.set(name, started)
    return started
  }

  const startApiServer = async () => {
    const apiServer = run("kube-apiserver", apiServerArgs({ at, etcdUrl, securePort, auditLog: options.auditLog }))
    // The certificate is the API server's own, made at its first start; the key is written after it.
    await ready("kube-apiserver", apiServer, () => existsSync(at("certs/apiserver.key")))
    const client = apiClient({ server, ca: readFileSync(at("certs/apiserver.crt"), "utf8"), token })
    await ready("kube-apiserver", apiServer, () =>
      client.get("/readyz").then(
        () => true,
        () => false,
      ),
    )
    client.close()
  }

  // Open watches keep an API server that is told to stop for a minute; nothing here is worth waiting for.
  const stopApiServer = async () => running.get("kube-apiserver")?.stop(500)

  const stop = async () => {
    await Promise.all(adapters.map((adapter) => adapter.stop()))
    await Promise.all([...running.values()].map((process) => process.stop()))
    remove()
  }

  try {
    writeKeys(at)
    writeFileSync(at("tokens.csv"), `${token},admin,admin,"system:masters"\n`)
    writeFileSync(at("audit-policy.yaml"), auditPolicy)
    run("etcd", etcdArgs(at("etcd"), etcdUrl))
    await startApiServer()
    const ca = readFileSync(at("certs/apiserver.crt"), "utf8")
    writeFileSync(at("kubeconfig"), kubeconfig({ server, ca, token }), { mode: 0o600 })
    const manager = run("kube-controller-manager", controllerManagerArgs(at))
    const api = apiClient({ server, ca, token })
    // A pod needs its namespace's default service account: the admission plugin refuses it before.
    const hasServiceAccount = (namespace: string) =>
      api.get(`/api/v1/namespaces/${namespace}/serviceaccounts/default`).then(() => true, falseIfNotFound)
    await ready("kube-controller-manager", manager, () => hasServiceAccount("default"))

    const kubectl = (...args: readonly string[] | [...string[], KubectlOptions]) => {
      const last = args.at(-1)
      const { input } = typeof last === "object" ? last : {}
      const words = args.filter((arg) => typeof arg === "string")
      // A cache of its own: another control plane may have had this port, with other resources.
      const own = [`--kubeconfig=${at("kubeconfig")}`, `--cache-dir=${at("kubectl-cache")}`]
      return runKubectl(program("kubectl"), [...own, ...words], input)
    }

    return {
      server,
      ca,
      token,
      kubeconfig: at("kubeconfig"),
      kubeconfigFor: async (namespace, serviceAccount) => {
        const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`
        const created = await api.create<{ status: { token: string } }>(path, { spec: {} })
        const file = at(`kubeconfig-${namespace}-${serviceAccount}`)
        writeFileSync(file, kubeconfig({ server, ca, token: created.status.token }), { mode: 0o600 })
        return file
      },
      api,
      kubectl,
      createNamespace: async (name) => {
        const metadata = name ? { name } : { generateName: "test-" }
        const created = await api.create<{ metadata: { name: string } }>("/api/v1/namespaces", { metadata })
        await ready("the default service account", manager, () => hasServiceAccount(created.metadata.name))
        return created.metadata.name
      },
      startAdapter: async (adapterOptions) => {
        const adapter = await startAdapterProcess({
          program: program("apiserver_receive_adapter"),
          folder,
          kubeconfig: at("kubeconfig"),
          ...adapterOptions,
        })
        adapters.push(adapter)
        return adapter
      },
      stopApiServer: async () => stopApiServer(),
      startApiServer,
      restartApiServer: async () => {
        await stopApiServer()
        await startApiServer()
      },
      auditLog: options.auditLog ? at("audit.log") : "",
      folder,
      pids: () => [...running.values(), ...adapters].filter((process) => !process.ended()).map(({ pid }) => pid),
      pidOf: (name) => running.get(name)?.pid ?? -1,
      stop: async () => {
        api.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function runKubectl(program: string, args: readonly string[], input = ""): Promise<KubectlResult> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === "number" ? error.code : 1) : 0
      resolve({ stdout, stderr, code })
    })
    child.stdin?.on("error", () => {}) // It need not read its input.
    child.stdin?.end(input)
  })
}

function falseIfNotFound(error: unknown): false {
  if (error instanceof ApiError && error.code === 404) return false
  throw error
}
