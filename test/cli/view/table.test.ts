// Tables, ages and objects in the forms that kubectl gives them.

import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { formatAge } from "../../../src/cli/view/age.ts"
import { formatObject, formatObjects } from "../../../src/cli/view/output.ts"
import { objectTable, table, valueAt } from "../../../src/cli/view/table.ts"
import type { KubernetesObject } from "../../../src/client/objects.ts"
import { resources } from "../../../src/cluster/object-api.ts"

const web = {
  metadata: {
    name: "web-1",
    namespace: "team",
    uid: "u",
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
    managedFields: [{ manager: "kubectl" }],
  },
  spec: { pipelineName: "web" },
  status: {
    phase: "Failed",
    summary: "0/1 succeeded, 1 failed",
    startTime: "2026-01-01T00:00:02Z",
    completionTime: "2026-01-01T00:03:00Z",
    conditions: [
      { type: "Other", status: "True", reason: "Wrong", message: "" },
      { type: "Succeeded", status: "False", reason: "StageFailed", message: "two\nlines\x1b[2J" },
    ],
  },
} as unknown as KubernetesObject
const fresh = { ...web, metadata: { ...web.metadata, name: "a-much-longer-name" }, status: undefined } as never
const nowMillis = Date.parse("2026-01-01T02:00:00Z")
const options = { isWide: false, withNamespace: false, nowMillis }

describe("a table of executions", () => {
  it("has the columns of the CRD, and gaps where there is nothing yet", () => {
    expect(objectTable(resources.executions, [web, fresh], options).split("\n")).toEqual([
      "NAME                 PIPELINE   PHASE    STAGES                    STARTED   COMPLETED   AGE",
      "web-1                web        Failed   0/1 succeeded, 1 failed   119m      117m        120m",
      "a-much-longer-name   web                                                                 120m",
    ])
  })

  it("is wide with reason and message, on one line and harmless", () => {
    const [, row] = objectTable(resources.executions, [web], { ...options, isWide: true }).split("\n")
    expect(row).toMatch(/117m {8}StageFailed {3}two lines {3}120m$/)
  })

  it("begins with the namespace where there are several", () => {
    const text = objectTable(resources.executions, [web], { ...options, withNamespace: true })
    expect(text).toMatch(/^NAMESPACE {3}NAME .*\nteam {8}web-1 /)
  })

  it("is straight with names of any script", () => {
    expect(
      table([
        ["部署", "x"],
        ["a", "y"],
      ]),
    ).toBe("部署   x\na      y")
  })
})

describe("a printer column's path", () => {
  const object = { a: { b: [{ type: "X", v: 1 }] } }
  const cases: readonly [string, unknown][] = [
    [".a.b", object.a.b],
    [".a.c.d", undefined],
    ['.a.b[?(@.type=="X")].v', 1],
    ['.a.b[?(@.type=="Y")].v', undefined],
    ['.a[?(@.type=="Y")].v', undefined],
  ]
  it.each(cases)("%s leads to %s", (path, value) => expect(valueAt(object, path)).toEqual(value))
})

describe("an age", () => {
  const minute = 60
  const hour = 60 * minute
  const day = 24 * hour
  // As `k8s.io/apimachinery/pkg/util/duration` writes them.
  const cases: readonly [number, string][] = [
    [-2, "<invalid>"],
    [-1, "0s"],
    [0, "0s"],
    [119, "119s"],
    [2 * minute, "2m"],
    [3 * minute + 20, "3m20s"],
    [10 * minute - 1, "9m59s"],
    [10 * minute + 9, "10m"],
    [3 * hour - 1, "179m"],
    [3 * hour, "3h"],
    [7 * hour + 59 * minute, "7h59m"],
    [8 * hour + 9 * minute, "8h"],
    [48 * hour - 1, "47h"],
    [2 * day, "2d"],
    [3 * day + 4 * hour, "3d4h"],
    [8 * day + 4 * hour, "8d"],
    [729 * day, "729d"],
    [730 * day, "2y"],
    [800 * day, "2y70d"],
    [8 * 365 * day, "8y"],
  ]
  it.each(cases)("of %d s is %s", (seconds, text) => expect(formatAge(seconds * 1000)).toBe(text))
})

describe("an object", () => {
  it("is complete in JSON and YAML, but for its managed fields", () => {
    const { managedFields: _, ...metadata } = web.metadata as KubernetesObject["metadata"] & { managedFields: unknown }
    const whole = {
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      ...web,
      metadata,
    }
    expect(JSON.parse(formatObject(resources.executions, web, "json"))).toEqual(whole)
    expect(parse(formatObject(resources.executions, web, "yaml"))).toEqual(whole)
    expect(JSON.parse(formatObjects(resources.executions, [web, web], "json"))).toMatchObject({
      apiVersion: "v1",
      kind: "List",
      items: [whole, whole],
    })
    expect(JSON.parse(formatObjects(resources.executions, [], "json"))).toMatchObject({ kind: "List", items: [] })
  })

  it("has a name that kubectl takes", () => {
    const name = "peanutpipelineexecution.pipeline.peanut.dev/web-1"
    expect(formatObject(resources.executions, web, "name")).toBe(name)
    expect(formatObjects(resources.executions, [web, web], "name")).toBe(`${name}\n${name}`)
  })
})
