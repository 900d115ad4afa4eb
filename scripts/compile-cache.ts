// node scripts/compile-cache.ts NODE SERVER FOLDER: has V8 write down what it compiles of the server, for the image, so
// that a cold start reads that instead of compiling. Node.js uses it only for the same version, user and file names, so it
// is made by the NODE of the image, under the path and the user that the server has there; otherwise it is ignored.

import { spawn } from "node:child_process"
import { chownSync, mkdirSync, readdirSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

/** Of the image: `nonroot` of the distroless images. */
const user = 65532
const port = "18080"

const [node, server, folder] = process.argv.slice(2)
if (node === undefined || server === undefined || folder === undefined) {
  throw new Error("node scripts/compile-cache.ts NODE SERVER FOLDER")
}
mkdirSync(folder, { recursive: true })
chownSync(folder, user, user)

const child = spawn(node, [server], {
  // No API server is needed: the first event finds out that nobody is there, after most of what it runs through.
  env: { PORT: port, KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1", NODE_COMPILE_CACHE: folder },
  stdio: "inherit",
  uid: user,
  gid: user,
})
const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
await isReady()
const answer = await fetch(`http://127.0.0.1:${port}/`, {
  method: "POST",
  headers: { "content-type": "application/cloudevents+json" },
  body: JSON.stringify({
    specversion: "1.0",
    id: "1",
    source: "/compile-cache",
    type: "dev.knative.apiserver.resource.add",
    data: {
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      metadata: { namespace: "default", name: "first" },
    },
  }),
})
if (answer.status !== 503) throw new Error(`the first event was answered with ${answer.status}: ${await answer.text()}`)
child.kill("SIGTERM")
// It is written at the end of the process.
if ((await ended) !== 0) throw new Error("the server did not end well")
const [version] = readdirSync(folder)
if (version === undefined || readdirSync(`${folder}/${version}`).length === 0) throw new Error("nothing was written")

async function isReady(): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null) throw new Error("the server does not start")
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    if (ready?.ok) return
    await sleep(50)
  }
  throw new Error("the server does not get ready")
}
