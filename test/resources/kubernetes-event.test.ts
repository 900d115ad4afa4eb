// Kubernetes Events that the API server takes, each under one name however often it is announced.

import { describe, expect, it } from "vitest"
import { kubernetesEvent } from "../../src/resources/kubernetes-event.ts"
import { meta, now } from "../builders/objects.ts"

const about = meta("run")
const started = { type: "Normal", reason: "StageStarted", message: "stage started", key: "a" } as const
const nameOf = (...args: Parameters<typeof kubernetesEvent>) => kubernetesEvent(...args).metadata.name

describe("kubernetesEvent", () => {
  it("is about its object, so that kubectl describe shows it", () => {
    expect(kubernetesEvent("PeanutPipelineExecution", about, started, now)).toMatchObject({
      involvedObject: { kind: "PeanutPipelineExecution", namespace: "team", name: "run", uid: "uid-of-run" },
      metadata: { namespace: "team" },
      type: "Normal",
      reason: "StageStarted",
      lastTimestamp: now,
    })
  })

  it("has one name for one announcement, whenever it is made", () => {
    const kind = "PeanutPipelineExecution"
    const name = nameOf(kind, about, started, now)
    expect(nameOf(kind, about, { ...started, message: "in other words" }, "2027-01-01T00:00:00Z")).toBe(name)
    expect(nameOf(kind, about, { ...started, key: "b" }, now)).not.toBe(name)
    expect(nameOf(kind, about, { ...started, reason: "StageFailed" }, now)).not.toBe(name)
    expect(nameOf(kind, { ...about, uid: "another" }, started, now)).not.toBe(name)
  })

  it.each(["x".repeat(253), `${"x".repeat(199)}.y`, `${"x".repeat(199)}-.y`])(
    "has a valid name for an object named %s",
    (name) => {
      expect(nameOf("PeanutPipeline", { name, namespace: "team" }, started, now)).toMatch(
        /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      )
      expect(nameOf("PeanutPipeline", { name, namespace: "team" }, started, now).length).toBeLessThanOrEqual(253)
    },
  )

  it.each(["m".repeat(5000), "🥜".repeat(2000), "ü".repeat(2000)])(
    "cuts a long message to what the API server takes",
    (message) => {
      const event = kubernetesEvent("PeanutPipeline", about, { ...started, message }, now)
      expect(Buffer.byteLength(event.message)).toBeLessThanOrEqual(1024)
      expect(event.message).toMatch(/[mü🥜]…$/u)
    },
  )
})
