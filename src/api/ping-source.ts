// Knative's PingSource (sources.knative.dev/v1), as much of it as Peanut writes. Other fields, such as ceOverrides, are
// left to whoever sets them.

import * as z from "zod"
import { objectMeta } from "./meta.ts"

export const pingSource = z.object({
  metadata: objectMeta,
  spec: z
    .object({
      schedule: z.string().optional(),
      timezone: z.string().optional(),
      contentType: z.string().optional(),
      data: z.string().optional(),
      dataBase64: z.string().optional(),
      sink: z
        .object({
          ref: z
            .object({ apiVersion: z.string(), kind: z.string(), name: z.string(), namespace: z.string() })
            .partial()
            .optional(),
          uri: z.string().optional(),
          audience: z.string().optional(),
        })
        .optional(),
    })
    .default({}),
  // What Knative says; nothing that Peanut writes depends on it.
  status: z
    .object({
      /** The account that its events are sent with, where senders must have a token. */
      auth: z.object({ serviceAccountName: z.string().optional() }).optional(),
    })
    .optional()
    .catch(undefined),
})
export type PingSource = z.infer<typeof pingSource>
