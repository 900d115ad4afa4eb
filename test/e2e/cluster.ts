// kubectl against whatever cluster KUBECONFIG names, for tests on a real Knative cluster.

import { execFile } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "vitest"

export const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Runs kubectl; its standard output, or an error with what it said. */
export function kubectl(args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile("kubectl", args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${args.join(" ")}: ${stderr || error.message}`))
      else resolve(stdout)
    })
    child.stdin?.on("error", () => {}) // It need not read its input.
    child.stdin?.end(input)
  })
}

/** The same; what it says on standard error, warnings among it, comes along. */
export function kubectlOutput(args: readonly string[], input = ""): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile("kubectl", args, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${args.join(" ")}: ${stderr || error.message}`))
      else resolve({ stdout, stderr })
    })
    child.stdin?.end(input)
  })
}

/** An object, or a list of them, as JSON. */
export async function get<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(["get", ...args, "-o", "json"]))
}

export const apply = (namespace: string, ...objects: readonly object[]) =>
  kubectl(["apply", "-n", namespace, "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n"))

/** Reads again and again until what is read is as wanted. A read that fails counts as not yet: API servers restart. */
export async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean, seconds: number): Promise<T> {
  const end = Date.now() + seconds * 1000
  while (true) {
    const value = await read().catch((error: Error) => error)
    if (!(value instanceof Error) && holds(value)) return value
    if (Date.now() > end) {
      throw new Error(`not in ${seconds} s: ${value instanceof Error ? value.message : JSON.stringify(value, null, 1)}`)
    }
    await sleep(250)
  }
}

export const system = "peanut-system"

/** The manifests of an overlay, with the image of `PEANUT_IMAGE` where that is set. */
export async function manifests(overlay = "config/default"): Promise<string> {
  const rendered = await kubectl(["kustomize", repository(overlay)])
  const image = process.env.PEANUT_IMAGE
  return image ? rendered.replace(/image: \S*\/peanut:\S+/, `image: ${image}`) : rendered
}

/** Installs Peanut as config/default does, and waits until it is ready. */
export async function install(): Promise<void> {
  await kubectl(["apply", "-f", "-"], await manifests())
  await isReady(system)
}

export async function isReady(namespace: string): Promise<void> {
  const ready = ["wait", "--for=condition=Ready", "-n", namespace, "--timeout=120s"]
  await kubectl([...ready, "ksvc/peanut", "apiserversource/peanut", "pingsource/peanut-resync"])
}

/** The pods of the controller. */
export async function controllerPods(namespace = system): Promise<readonly PodObject[]> {
  return (await get<List<PodObject>>("pods", "-n", namespace, "-l", "serving.knative.dev/service=peanut")).items
}

/** Sets when a resync happens; a sixth field in front is seconds. */
export const resyncEvery = (schedule: string) =>
  kubectl([
    "patch",
    "pingsource/peanut-resync",
    "-n",
    system,
    "--type=merge",
    "-p",
    JSON.stringify({ spec: { schedule } }),
  ])

/** A namespace for the tests of a file; Peanut is installed when they begin. */
export function useNamespace(): string {
  const namespace = `e2e-${Date.now().toString(36)}`
  beforeAll(async () => {
    await install()
    await kubectl(["create", "namespace", namespace])
  })
  afterAll(() => kubectl(["delete", "namespace", namespace, "--wait=false"]))
  return namespace
}

export interface List<T> {
  readonly items: readonly T[]
}

export interface PodObject {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly uid: string }[] }
  readonly status: { readonly phase: string }
}
