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
  readonly metadata: {
    readonly name: string
    readonly resourceVersion?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly spec?: { readonly nodeName?: string }
  readonly status?: {
    readonly phase?: string
    readonly completionTime?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

export type Api = Awaited<ReturnType<typeof startProxy>>

export async function startProxy() {
  const proxy = spawn("kubectl", ["proxy", "--port=0"], { stdio: ["ignore", "pipe", "inherit"] })
  const [line] = await once(createInterface({ input: proxy.stdout }), "line")
  const url = `http://${/127\.0\.0\.1:\d+/.exec(String(line))?.[0]}`

  async function text(path: string): Promise<string> {
    const answer = await fetch(url + path)
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { "content-type": "application/json" }
    const answer = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body), headers }) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  return {
    text,
    get: <T>(path: string) => call<T>("GET", path),
    create: <T>(path: string, body: object) => call<T>("POST", path, body),
    remove: (path: string) => call("DELETE", path),
    /** Calls back for each change from now on; what is there already is told as ADDED too. Gives what ends it. */
    watch: async (path: string, onChange: (change: Change) => void) => {
      const end = new AbortController()
      const answer = await fetch(`${url}${path}${path.includes("?") ? "&" : "?"}watch=1`, { signal: end.signal })
      const body = Readable.fromWeb(answer.body as never)
      body.on("error", () => {}) // The end of the proxy is the end of the watch.
      const lines = createInterface({ input: body })
      lines.on("line", (text) => onChange({ ...(JSON.parse(text) as Change), at: performance.now() }))
      lines.on("error", () => {})
      return () => end.abort()
    },
    stop: () => proxy.kill(),
  }
}
