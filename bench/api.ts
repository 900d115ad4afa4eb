// The API server as the benches use it: through one `kubectl proxy`, which knows how to sign in everywhere, so that a
// call costs no process and a watch's lines carry this process's clock.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"

export interface Change {
  readonly type: string
  readonly object: ApiObject
  /** Milliseconds, as performance.now() tells them. */
  readonly at: number
}

export interface ApiObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: { readonly nodeName?: string }
  readonly status?: {
    readonly phase?: string
    readonly completionTime?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

export async function startProxy() {
  const proxy = spawn("kubectl", ["proxy", "--port=0"], { stdio: ["ignore", "pipe", "inherit"] })
  const [line] = await once(createInterface({ input: proxy.stdout }), "line")
  const url = `http://${/127\.0\.0\.1:\d+/.exec(String(line))?.[0]}`

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { "content-type": "application/json" }
    const answer = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body), headers }) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  return {
    get: <T>(path: string) => call<T>("GET", path),
    text: async (path: string) => await (await fetch(url + path)).text(),
    create: <T>(path: string, body: object) => call<T>("POST", path, body),
    remove: (path: string) => call("DELETE", path),
    /** Calls back for each change from now on; what is there already is told as ADDED too. */
    watch: async (path: string, onChange: (change: Change) => void) => {
      const answer = await fetch(`${url}${path}${path.includes("?") ? "&" : "?"}watch=1`)
      const lines = createInterface({ input: Readable.fromWeb(answer.body as never) })
      lines.on("line", (text) => onChange({ ...(JSON.parse(text) as Change), at: performance.now() }))
      lines.on("error", () => {}) // The end of the proxy is the end of the watch.
    },
    stop: () => proxy.kill(),
  }
}
