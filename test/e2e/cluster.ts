// kubectl against whatever cluster KUBECONFIG names, for tests on a real Knative cluster.

import { execFile } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

export const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Runs kubectl; its standard output, or an error with what it said. */
export function kubectl(args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile("kubectl", args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${args.join(" ")}: ${stderr || error.message}`))
      else resolve(stdout)
    })
    child.stdin?.end(input)
  })
}

/** An object, or a list of them, as JSON. */
export async function get<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(["get", ...args, "-o", "json"]))
}

export async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean, seconds: number): Promise<T> {
  const end = Date.now() + seconds * 1000
  while (true) {
    const value = await read()
    if (holds(value)) return value
    if (Date.now() > end) throw new Error(`not in ${seconds} s: ${JSON.stringify(value, null, 1)}`)
    await sleep(250)
  }
}

/** Installs Peanut as config/default does, with the image of `PEANUT_IMAGE` where that is set. */
export async function install(): Promise<void> {
  const manifests = await kubectl(["kustomize", repository("config/default")])
  const image = process.env.PEANUT_IMAGE
  await kubectl(
    ["apply", "-f", "-"],
    image ? manifests.replace(/image: \S*\/peanut:\S+/, `image: ${image}`) : manifests,
  )
  const ready = ["wait", "--for=condition=Ready", "-n", "peanut-system", "--timeout=120s"]
  await kubectl([...ready, "ksvc/peanut", "apiserversource/peanut", "pingsource/peanut-resync"])
}
