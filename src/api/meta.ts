// What every object on the API server has in common: group, names, metadata, conditions.

import * as z from "zod"

export const group = "pipeline.peanut.dev"
export const version = "v1alpha1"
export const apiVersion = `${group}/${version}`

/** A time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export function timestamp(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`
}

/** Names a namespaced object. */
export interface Ref {
  readonly namespace: string
  readonly name: string
}

export const ownerReference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
})
export type OwnerReference = z.infer<typeof ownerReference>

/** Metadata as the API server returns it: name, UID and version are always there. */
export const objectMeta = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int().default(0),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(ownerReference).default([]),
  finalizers: z.array(z.string()).default([]),
})
export type ObjectMeta = z.infer<typeof objectMeta>

export const condition = z.object({
  type: z.string().max(63).meta({ description: "What it is about." }),
  status: z.enum(["True", "False", "Unknown"]).meta({ description: "Whether it is so." }),
  reason: z.string().max(128).meta({ description: "CamelCase word for programs." }),
  message: z.string().max(32768).meta({ description: "What happened, for people." }),
  lastTransitionTime: z.string().meta({ format: "date-time", description: "When status last changed." }),
  observedGeneration: z.int().optional().meta({ description: "The generation of the spec that it speaks of." }),
})
export type Condition = z.infer<typeof condition>

/** Of two resource versions of objects of one kind, the later: they are numbers, though not always safe ones. */
export function laterVersion(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b
}

/** The UID of the controller that owns an object; Peanut trusts nothing else about who an object belongs to. */
export function controllerUid(meta: Pick<ObjectMeta, "ownerReferences">): string | undefined {
  return meta.ownerReferences.find((owner) => owner.controller && isControllerKind(owner))?.uid
}

/**
 * Peanut's kinds control Jobs and PingSources, and a Job its pods. An owner of another kind with the UID of one of these
 * is a forgery, which the policies of config/policies could not tell from the owners that others set.
 */
function isControllerKind({ apiVersion, kind }: OwnerReference): boolean {
  return apiVersion.startsWith(`${group}/`) || (kind === "Job" && apiVersion.startsWith("batch/"))
}

/** A DNS-1123 subdomain, the form Kubernetes wants for names of objects. */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)

/** Objects of one namespace by their names. */
export const byName = <T extends { readonly metadata: { readonly name: string } }>(
  objects: readonly T[],
): ReadonlyMap<string, T> => new Map(objects.map((object) => [object.metadata.name, object]))
