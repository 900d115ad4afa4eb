// Knative's kind PingSource on an API server without Knative: the fields of its version 0.50, and in place of its webhook
// one rule, so that a test can see what a refusal comes to.

const text = { type: "string" }
const sink = {
  type: "object",
  properties: {
    ref: { type: "object", properties: { apiVersion: text, kind: text, name: text, namespace: text } },
    uri: text,
    CACerts: text,
    audience: text,
  },
}

/** What the rule refuses, and says. */
export const refusedCron = "59 23 31 12 6"
export const refusal = "invalid value: beginning of range beyond end of range: spec.schedule"

export const pingSourceDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "pingsources.sources.knative.dev" },
  spec: {
    group: "sources.knative.dev",
    scope: "Namespaced",
    names: { kind: "PingSource", listKind: "PingSourceList", plural: "pingsources", singular: "pingsource" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  ceOverrides: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                  contentType: text,
                  data: text,
                  dataBase64: text,
                  schedule: text,
                  sink,
                  timezone: text,
                },
                "x-kubernetes-validations": [{ rule: `self.schedule != '${refusedCron}'`, message: refusal }],
              },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        },
      },
    ],
  },
}
