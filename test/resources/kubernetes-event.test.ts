// Kubernetes Events that the API server takes, each under one name however often it is announced.

import { describe, expect, it } from "vitest"
import { objectName } from "../../src/api/meta.ts"
import { type Announcement, kubernetesEvent } from "../../src/resources/kubernetes-event.ts"
import { meta, now } from "../builders/objects.ts"

const about = meta("run")
const started = { type: "Normal", reason: "StageStarted", message: "stage started", key: "a" } as const
const nameOf = (...args: Parameters<typeof kubernetesEvent>) => kubernetesEvent(...args).metadata.name
const messageOf = (message: string) => kubernetesEvent("PeanutPipeline", about, { ...started, message }, now).message

describe("kubernetesEvent", () => {
  it("is about its object, so that kubectl describe shows it, and from Peanut", () => {
    expect(kubernetesEvent("PeanutPipelineExecution", about, started, now)).toEqual({
      apiVersion: "v1",
      kind: "Event",
      metadata: { namespace: "team", name: expect.stringMatching(/^run\.[0-9a-z]{13}$/) },
      involvedObject: {
        apiVersion: "pipeline.peanut.dev/v1alpha1",
        kind: "PeanutPipelineExecution",
        namespace: "team",
        name: "run",
        uid: "uid-of-run",
      },
      type: "Normal",
      reason: "StageStarted",
      message: "stage started",
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      source: { component: "peanut" },
      reportingComponent: "pipeline.peanut.dev/controller",
      reportingInstance: "peanut",
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

  it("has the name of an announcement with an empty key where none is given", () => {
    const { key: _, ...keyless }: Announcement = started
    expect(nameOf("PeanutPipeline", about, keyless, now)).toBe(
      nameOf("PeanutPipeline", about, { ...started, key: "" }, now),
    )
  })

  it.each([
    { object: "short", name: "nightly.v1", part: "nightly.v1" },
    { object: "long", name: "x".repeat(253), part: "x".repeat(200) },
    { object: "cut at a dot", name: `${"x".repeat(199)}.y`, part: "x".repeat(199) },
    { object: "cut behind two hyphens", name: `a.${"x".repeat(196)}--y`, part: `a.${"x".repeat(196)}` },
  ])("begins with the name of its object, and is valid: $object", ({ name, part }) => {
    const made = nameOf("PeanutPipeline", { name, namespace: "team", uid: "u1" }, started, now)
    expect(made.slice(0, -14)).toBe(part)
    expect(made.slice(-14)).toMatch(/^\.[0-9a-z]{13}$/)
    expect(objectName.safeParse(made).success).toBe(true)
  })
})

// The API server takes 1,024 bytes, however many characters these are.
describe("kubernetesEvent, its message", () => {
  it.each([
    { message: "of 1,000 letters", text: "m".repeat(1000) },
    { message: "of 1,000 bytes", text: "🥜".repeat(250) },
    { message: "with what somebody else could not decode", text: "a \uFFFD b" },
    { message: "that is empty", text: "" },
  ])("stays whole: one $message", ({ text }) => {
    expect(messageOf(text)).toBe(text)
  })

  it.each([
    { message: "one letter too many", text: "m".repeat(1001), kept: "m".repeat(997) },
    { message: "many letters", text: "m".repeat(5000), kept: "m".repeat(997) },
    { message: "letters of two bytes", text: "ü".repeat(2000), kept: "ü".repeat(498) },
    { message: "letters of four bytes", text: "🥜".repeat(2000), kept: "🥜".repeat(249) },
    { message: "a letter half in", text: `${"m".repeat(994)}🥜${"m".repeat(9)}`, kept: "m".repeat(994) },
    { message: "a lost letter early on", text: `\uFFFD${"m".repeat(5000)}`, kept: `\uFFFD${"m".repeat(994)}` },
  ])("is cut at a whole character: $message", ({ text, kept }) => {
    expect(messageOf(text)).toBe(`${kept}…`)
    expect(Buffer.byteLength(messageOf(text))).toBeLessThanOrEqual(1000)
  })
})
