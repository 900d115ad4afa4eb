// What the environment says, checked at the start: a server that was set up wrongly must not look as if it worked.

import * as z from "zod"
import { objectName } from "./api/meta.ts"

const overrides = z.object({ extensions: z.record(z.string(), z.string()).default({}) })

/** What an event itself says is not for others to change. */
const ownAttributes = [
  "specversion",
  "id",
  "source",
  "type",
  "subject",
  "time",
  "datacontenttype",
  "dataschema",
  "data",
]
const isExtension = (name: string) => /^[a-z0-9]{1,64}$/.test(name) && !ownAttributes.includes(name)

const environment = z
  .object({
    PORT: z
      .string()
      .regex(/^[0-9]{1,5}$/)
      .transform(Number)
      .refine((port) => port >= 1 && port <= 65535)
      .default(8080),
    PEANUT_NAMESPACE: objectName.optional(),
    PEANUT_OIDC_AUDIENCE: z.string().min(1).optional(),
    PEANUT_OIDC_SUBJECTS: z.string().min(1).optional(),
    K_SINK: z.url({ protocol: /^https?$/ }).optional(),
    K_CE_OVERRIDES: z.string().optional(),
    K_SERVICE: objectName.optional(),
  })
  .refine((env) => (env.PEANUT_OIDC_AUDIENCE === undefined) === (env.PEANUT_OIDC_SUBJECTS === undefined), {
    error: "PEANUT_OIDC_AUDIENCE and PEANUT_OIDC_SUBJECTS go together: who may call, and for whom their tokens are",
  })

/** What the variables must be, in words. */
const forms: Readonly<Record<string, string>> = {
  PORT: "a number from 1 to 65535",
  PEANUT_NAMESPACE: "the name of a namespace",
  K_SINK: "a URL of HTTP or HTTPS",
  K_SERVICE: "the name of a Knative Service",
}

export interface Settings {
  readonly port: number
  /** The only namespace that Peanut serves; all of them, if undefined. */
  readonly namespace: string | undefined
  /**
   * For whom the tokens of senders are, and who may send events to `/`; without it, anybody whom the network lets through.
   * To start executions, a right of the cluster is asked for instead.
   */
  readonly callers: { readonly audience: string; readonly subjects: ReadonlySet<string> } | undefined
  /** Where lifecycle events go. */
  readonly sink: { readonly url: string; readonly extensions: Readonly<Record<string, string>> } | undefined
  /** The Knative Service that this process belongs to; Knative says so to every container. */
  readonly service: string | undefined
}

/** The settings, or one sentence about what is wrong with the environment. */
export function readSettings(env: NodeJS.ProcessEnv): Settings | { readonly problem: string } {
  // A manifest that leaves a variable empty means to leave it out; an empty port is a mistake.
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== "" || name === "PORT"))
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const name = String(issue?.path[0] ?? "")
    return {
      problem: name in forms ? `${name} is "${given[name]}"; it must be ${forms[name]}` : (issue?.message ?? ""),
    }
  }
  const {
    PORT,
    PEANUT_NAMESPACE,
    PEANUT_OIDC_AUDIENCE: audience,
    PEANUT_OIDC_SUBJECTS,
    K_SINK,
    K_CE_OVERRIDES,
    K_SERVICE,
  } = parsed.data
  const subjects = PEANUT_OIDC_SUBJECTS?.split(",").map((subject) => subject.trim())
  return {
    port: PORT,
    namespace: PEANUT_NAMESPACE,
    callers:
      audience === undefined || subjects === undefined
        ? undefined
        : { audience, subjects: new Set(subjects.filter((subject) => subject !== "")) },
    sink: K_SINK === undefined ? undefined : { url: K_SINK, extensions: extensionsOf(K_CE_OVERRIDES) },
    service: K_SERVICE,
  }
}

/** What Knative wants added to every event; what cannot be read, or be an extension, adds nothing. */
function extensionsOf(text = "{}"): Readonly<Record<string, string>> {
  try {
    const { extensions } = overrides.parse(JSON.parse(text))
    return Object.fromEntries(Object.entries(extensions).filter(([name]) => isExtension(name)))
  } catch {
    return {}
  }
}
