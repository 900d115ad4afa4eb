// What the client makes of an answer of the API server, by the fields of its Status object.

import { describe, expect, it } from "vitest"
import { failure } from "../../src/cluster/kubernetes/failure.ts"

const job = (name: string) => ({ group: "batch", kind: "jobs", name })
const status = (reason: string, message: string, details: object = {}) => ({ kind: "Status", reason, message, details })

describe("an answer of the API server", () => {
  const policy = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"
  const webhook = 'admission webhook "policy.example.com" denied the request: no'
  it.each([
    [
      "the words behind the name",
      status("Forbidden", 'jobs.batch "x" is forbidden: exceeded quota: q', job("x")),
      "exceeded quota: q",
    ],
    [
      "those of a policy that says invalid",
      status("Invalid", `jobs.batch "x" is forbidden: ${policy}`, job("x")),
      policy,
    ],
    [
      "those behind the kind, of what has no name yet",
      status("Forbidden", 'jobs.batch is forbidden: User "u" cannot', { group: "batch", kind: "jobs" }),
      'User "u" cannot',
    ],
    [
      "those behind the kind of the core group",
      status("Forbidden", 'pods "x" is forbidden: no', { kind: "pods", name: "x" }),
      "no",
    ],
    ["those of a webhook", status("Forbidden", webhook), webhook],
    [
      "those of what is invalid",
      status("Invalid", 'Job.batch "x" is invalid: spec.a: Required value', { ...job("x"), kind: "Job" }),
      "spec.a: Required value",
    ],
    [
      "all, where the name is another's",
      status("Forbidden", 'jobs.batch "y" is forbidden: no', job("x")),
      'jobs.batch "y" is forbidden: no',
    ],
    [
      "all, where the words come later",
      status("Forbidden", 'no: jobs.batch "x" is forbidden: no', job("x")),
      'no: jobs.batch "x" is forbidden: no',
    ],
  ])("of a refusal has in its own words: %s", (_, body, said) => {
    expect(failure(403, body)).toMatchObject({
      _tag: "Refused",
      status: 403,
      reason: body.reason,
      said,
      message: body.message,
    })
  })

  it("of a refusal has the reasons of its causes", () => {
    const causes = [{ reason: "NamespaceTerminating", field: "metadata.namespace" }, { message: "no" }, 5]
    expect(failure(403, status("Forbidden", "no", { causes }))).toMatchObject({ causes: ["NamespaceTerminating"] })
  })

  it.each([
    ["a text", "<html>", '"<html>"'],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a list", [1], "[1]"],
    ["fields of other types", { message: 5, reason: {}, details: "x" }, '{"message":5,"reason":{},"details":"x"}'],
  ])("that is no Status but %s is told as it is", (_, body, message) => {
    expect(failure(403, body)).toMatchObject({
      _tag: "Refused",
      status: 403,
      reason: "",
      causes: [],
      said: message,
      message,
    })
  })

  it.each([
    [401, "Unavailable"],
    [404, "NotFound"],
    [409, "Conflict"],
    [429, "Unavailable"],
    [500, "Unavailable"],
    [503, "Unavailable"],
  ])("with the code %i is %s", (code, tag) => {
    expect(failure(code, status("Unknown", "no"))._tag).toBe(tag)
  })

  it("that an object exists is AlreadyExists", () => {
    expect(failure(409, status("AlreadyExists", "no"))._tag).toBe("AlreadyExists")
  })

  const denial = status("", 'admission webhook "w" denied the request: no')
  it.each([400, 401, 403, 404, 409, 413, 422])("that a webhook denies is a refusal, whatever it chose: %i", (code) => {
    expect(failure(code, denial)).toMatchObject({ _tag: "Refused", status: code })
  })

  it.each([429, 500, 503])("that a webhook is busy, by %i, may be another later", (code) => {
    expect(failure(code, denial)).toMatchObject({ _tag: "Unavailable", status: code })
  })

  it("that quotes a denial in the name or behind other words is told by its code", () => {
    const quoted = 'jobs.batch "admission webhook \\"w\\" denied" not found'
    expect(failure(404, status("NotFound", quoted, job('admission webhook "w" denied')))._tag).toBe("NotFound")
    expect(failure(409, status("Conflict", 'no: admission webhook "w" denied the request'))._tag).toBe("Conflict")
  })

  const unfitting = "the server rejected our request due to an error in our request"
  it("that a JSON patch does not fit is a conflict", () => {
    expect(failure(422, status("Invalid", unfitting))._tag).toBe("Conflict")
  })

  it.each([
    status("Invalid", `admission webhook "w" denied the request: ${unfitting}`),
    status("Invalid", `${unfitting}: no`, job("x")),
    status("Invalid", unfitting, job("x")),
  ])("that only quotes those words is a refusal", (body) => {
    expect(failure(422, body)._tag).toBe("Refused")
  })
})
