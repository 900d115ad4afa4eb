// What the bench puts into the cluster, by kubectl, and takes out again at the end. It creates and never applies: what is
// there already belongs to somebody else, whose controller would take part in what is measured.

import { execFile } from "node:child_process"

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
}

export class Cluster {
  readonly #created: Manifest[] = []
  readonly #id = Date.now().toString(36)

  /** A new namespace whose name ends in the word. */
  async namespace(word: string): Promise<string> {
    const name = `bench-${this.#id}-${word}`
    await this.create([{ apiVersion: "v1", kind: "Namespace", metadata: { name } }])
    return name
  }

  async create(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      await kubectl(["create", "-f", "-"], [manifest]).catch((error: Error) => {
        if (!error.message.includes("AlreadyExists")) throw error
        const { kind, metadata } = manifest
        throw new Error(
          `${kind} ${metadata.name} is on this cluster already, of somebody else or of a bench that was killed`,
        )
      })
      this.#created.push(manifest)
    }
    const definitions = manifests.filter(({ kind }) => kind === "CustomResourceDefinition")
    if (definitions.length > 0) await kubectl(["wait", "--for=condition=Established", "-f", "-"], definitions)
  }

  /** Waits until the Deployment has its pods. */
  async rolledOut(namespace: string, deployment: string): Promise<void> {
    await kubectl(["rollout", "status", `deployment/${deployment}`, "-n", namespace, "--timeout=180s"])
  }

  /** Deletes what was created; namespaces first, with what is in them, as long as the kinds of that exist. */
  async remove(): Promise<void> {
    const namespaces = this.#created.filter(({ kind }) => kind === "Namespace")
    const cluster = this.#created.filter(({ kind, metadata }) => kind !== "Namespace" && !metadata.namespace)
    for (const manifests of [namespaces, cluster.toReversed()]) {
      if (manifests.length === 0) continue
      await kubectl(["delete", "-f", "-", "--ignore-not-found", "--timeout=180s"], manifests)
    }
  }
}

/** Runs kubectl; what it printed, or an error with what it complained about. */
export function kubectl(args: readonly string[], input: readonly object[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile("kubectl", args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${args.join(" ")}: ${stderr.trim() || error.message}`))
      else resolve(stdout)
    })
    child.stdin?.on("error", () => {}) // It need not read its input.
    child.stdin?.end(input.map((object) => JSON.stringify(object)).join("\n"))
  })
}
