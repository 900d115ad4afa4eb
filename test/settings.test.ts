// What the environment may say, and what is said of it when it is wrong.

import { describe, expect, it } from "vitest"
import { readSettings } from "../src/settings.ts"

describe("readSettings", () => {
  it("needs nothing", () => {
    expect(readSettings({})).toEqual({ port: 8080, namespace: undefined, callers: undefined, sink: undefined })
  })

  it("takes empty variables for unset ones, as manifests leave them", () => {
    expect(
      readSettings({ PEANUT_NAMESPACE: "", PEANUT_OIDC_AUDIENCE: "", PEANUT_OIDC_SUBJECTS: "", K_SINK: "" }),
    ).toEqual(readSettings({}))
  })

  it("reads who may call, and where events go", () => {
    expect(
      readSettings({
        PORT: "9000",
        PEANUT_NAMESPACE: "team",
        PEANUT_OIDC_AUDIENCE: "peanut",
        PEANUT_OIDC_SUBJECTS: "system:serviceaccount:a:b, system:serviceaccount:c:d,",
        K_SINK: "http://broker.example/ns",
        K_CE_OVERRIDES: '{"extensions":{"cluster":"blue"}}',
        K_SERVICE: "peanut",
      }),
    ).toEqual({
      port: 9000,
      namespace: "team",
      callers: { audience: "peanut", subjects: new Set(["system:serviceaccount:a:b", "system:serviceaccount:c:d"]) },
      sink: { url: "http://broker.example/ns", extensions: { cluster: "blue" } },
      service: "peanut",
    })
  })

  it.each([
    [{ PORT: "http" }, 'PORT is "http"; it must be a number from 1 to 65535'],
    [{ PEANUT_NAMESPACE: "Team A" }, 'PEANUT_NAMESPACE is "Team A"; it must be the name of a namespace'],
    [{ K_SERVICE: "Peanut" }, 'K_SERVICE is "Peanut"; it must be the name of a Knative Service'],
    [{ K_SINK: "nowhere" }, 'K_SINK is "nowhere"; it must be a URL of HTTP or HTTPS'],
    [{ K_SINK: "mailto:me@example.com" }, "it must be a URL of HTTP or HTTPS"],
    [{ PEANUT_OIDC_AUDIENCE: "peanut" }, "PEANUT_OIDC_AUDIENCE and PEANUT_OIDC_SUBJECTS go together"],
    [
      { PEANUT_OIDC_SUBJECTS: "system:serviceaccount:a:b" },
      "PEANUT_OIDC_AUDIENCE and PEANUT_OIDC_SUBJECTS go together",
    ],
  ])("says what is wrong with %o", (env, problem) => {
    expect(readSettings(env)).toEqual({ problem: expect.stringContaining(problem) })
  })

  it("does without overrides that it cannot read", () => {
    expect(readSettings({ K_SINK: "http://sink", K_CE_OVERRIDES: "{" })).toMatchObject({ sink: { extensions: {} } })
  })

  it("takes from the overrides what can be an extension, and nothing that an event says itself", () => {
    const extensions = { cluster: "blue", id: "1", source: "/x", data: "x", "not-a-name": "x", Upper: "x", "": "x" }
    expect(readSettings({ K_SINK: "http://sink", K_CE_OVERRIDES: JSON.stringify({ extensions }) })).toHaveProperty(
      "sink.extensions",
      { cluster: "blue" },
    )
  })
})
