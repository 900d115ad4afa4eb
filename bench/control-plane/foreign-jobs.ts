// Jobs that are none of Peanut's, in a namespace that Peanut works in: a list with a label selector still makes the API
// server look at each of them.

import { Agent, request } from "node:https"
import { userAgent } from "../../test/control-plane/api-client.ts"
import type { ControlPlane } from "../../test/control-plane/control-plane.ts"
import { inTurns } from "./play.ts"

/**
 * Creates Jobs numbered from `from` up to `to`. They are managed by another controller than that of Kubernetes, which
 * then leaves them alone: at its hundreds of Jobs a second it would be busy with them long after the bench is over.
 */
export async function createForeignJobs(
  plane: ControlPlane,
  namespace: string,
  from: number,
  to: number,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, ca: plane.ca, maxSockets: 32 })
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`
  const headers = {
    authorization: `Bearer ${plane.token}`,
    "content-type": "application/json",
    "user-agent": userAgent,
  }
  const create = (number: number) =>
    new Promise<void>((resolve, reject) => {
      const outgoing = request(new URL(path, plane.server), { method: "POST", agent, headers }, (incoming) => {
        incoming.resume()
        const code = incoming.statusCode ?? 0
        if (code >= 300) reject(new Error(`POST ${path}: ${code}`))
        else incoming.once("end", resolve).once("error", reject)
      })
      outgoing.once("error", reject)
      outgoing.end(JSON.stringify(foreignJob(`foreign-${number}`)))
    })
  try {
    await inTurns(
      32,
      Array.from({ length: to - from }, (_, i) => from + i),
      create,
    )
  } finally {
    agent.destroy()
  }
}

const foreignJob = (name: string) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, labels: { "app.kubernetes.io/managed-by": "others", "example.com/team": "others" } },
  spec: {
    managedBy: "example.com/others",
    template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox", command: ["true"] }] } },
  },
})
