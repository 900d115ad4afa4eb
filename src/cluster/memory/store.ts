// The habits of an API server that Peanut relies on, in memory: UIDs, resource versions, generations, conflicts,
// and collection of what lost its owner. Objects go in as copies and come out frozen.

import { isDeepStrictEqual } from "node:util"
import type { OwnerReference, Ref } from "../../api/meta.ts"
import type { Resource, Selection } from "../object-api.ts"
import type { Patch } from "../status-patch.ts"
import { applyPatch, versionIn } from "./patch.ts"

export interface StoredObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: StoredMeta
  readonly [field: string]: unknown
}

interface StoredMeta extends Ref {
  readonly uid: string
  readonly resourceVersion: string
  readonly generation: number
  readonly creationTimestamp: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
}

export interface Change {
  readonly type: "add" | "update" | "delete"
  readonly resource: Resource
  readonly object: StoredObject
}

/** Why the store would not do something; the same distinctions as an API server's. */
export type StoreFailure = "NotFound" | "AlreadyExists" | "Conflict" | "Invalid"
export class StoreError extends Error {
  readonly reason: StoreFailure
  constructor(reason: StoreFailure, message: string) {
    super(message)
    this.reason = reason
  }
}

export interface StoreOptions {
  readonly now: () => string
  readonly newUid: () => string
}

export class Store {
  readonly #kinds = new Map<string, { readonly resource: Resource; readonly objects: Map<string, StoredObject> }>()
  readonly #listeners: ((change: Change) => void)[] = []
  readonly #options: StoreOptions
  #version = 0

  constructor(options: StoreOptions) {
    this.#options = options
  }

  /** Calls back after every change, in the order of the changes, within the call that made it. */
  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  get(resource: Resource, ref: Ref): StoredObject {
    const found = this.#of(resource).get(key(ref))
    if (found === undefined) throw new StoreError("NotFound", `${resource.plural} "${ref.name}" not found`)
    return found
  }

  list(resource: Resource, selection: Selection = {}): readonly StoredObject[] {
    return [...this.#of(resource).values()].filter((object) => isSelected(resource, selection, object))
  }

  create(resource: Resource, namespace: string, given: object): StoredObject {
    const object = structuredClone(given) as Omit<StoredObject, "metadata"> & { metadata: Partial<StoredMeta> }
    const { name } = object.metadata
    if (name === undefined || name === "")
      throw new StoreError("Invalid", `${resource.plural}: metadata.name is required`)
    if (this.#of(resource).has(key({ namespace, name }))) {
      throw new StoreError("AlreadyExists", `${resource.plural} "${name}" already exists`)
    }
    const created: StoredObject = {
      ...object,
      apiVersion: object.apiVersion as string,
      kind: object.kind as string,
      metadata: {
        ...object.metadata,
        name,
        namespace,
        uid: this.#options.newUid(),
        resourceVersion: this.#nextVersion(),
        generation: 1,
        creationTimestamp: this.#options.now(),
      },
    }
    this.#of(resource).set(key({ namespace, name }), freeze(created))
    this.#tell({ type: "add", resource, object: created })
    return created
  }

  /** A patch that changes nothing is no change: no new version, no event. */
  patch(resource: Resource, ref: Ref, patch: Patch, subresource?: "status"): StoredObject {
    const before = this.get(resource, ref)
    const expected = versionIn(patch)
    if (expected !== undefined && expected !== before.metadata.resourceVersion) {
      throw new StoreError("Conflict", `${resource.plural} "${ref.name}": the object has been modified`)
    }
    const { status, ...rest } = applyPatch(before, patch) as StoredObject
    const merged = (
      subresource === "status" ? { ...before, status } : { ...rest, status: before.status }
    ) as StoredObject
    if (merged.status === undefined) delete (merged as { status?: unknown }).status
    if (isDeepStrictEqual(merged, before)) return before
    const specChanged = !isDeepStrictEqual(merged.spec, before.spec)
    const after: StoredObject = {
      ...merged,
      metadata: {
        ...merged.metadata,
        uid: before.metadata.uid,
        resourceVersion: this.#nextVersion(),
        generation: before.metadata.generation + (specChanged ? 1 : 0),
      },
    }
    this.#of(resource).set(key(ref), freeze(after))
    this.#tell({ type: "update", resource, object: after })
    return after
  }

  /** Deletes an object, and with it all that it owns. */
  delete(resource: Resource, ref: Ref): void {
    const object = this.get(resource, ref)
    this.#of(resource).delete(key(ref))
    this.#tell({ type: "delete", resource, object })
    for (const { resource, objects } of this.#kinds.values()) {
      const owned = [...objects.values()].filter((o) =>
        o.metadata.ownerReferences?.some((owner) => owner.uid === object.metadata.uid),
      )
      for (const { metadata } of owned) if (objects.has(key(metadata))) this.delete(resource, metadata)
    }
  }

  #of(resource: Resource): Map<string, StoredObject> {
    const kind = this.#kinds.get(resource.plural) ?? { resource, objects: new Map() }
    this.#kinds.set(resource.plural, kind)
    return kind.objects
  }

  #nextVersion(): string {
    return String(++this.#version)
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }
}

/** Frozen all the way down; what is frozen already has been so all the way down. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}

/** Whether an object of this resource is among those to list. */
export function isSelected(
  resource: Resource,
  { namespace, labels = {}, fields = {}, notFields = {} }: Selection,
  object: StoredObject,
): boolean {
  return (
    (namespace === undefined || object.metadata.namespace === namespace) &&
    Object.entries(labels).every(([label, value]) => [value].flat().includes(object.metadata.labels?.[label] ?? "")) &&
    Object.entries(fields).every(([field, value]) => selectable(resource, field, object) === value) &&
    Object.entries(notFields).every(([field, values]) => !values.includes(selectable(resource, field, object)))
  )
}

/** The value of a field by which an API server selects; like one, no other field is taken. */
function selectable({ plural }: Resource, field: string, object: StoredObject): string {
  if (plural === "jobs" && field === "status.successful") {
    return String((object as { status?: { succeeded?: number } }).status?.succeeded ?? 0)
  }
  if (plural === "peanutpipelineexecutions" && field === "spec.pipelineName") {
    return (object as { spec?: { pipelineName?: string } }).spec?.pipelineName ?? ""
  }
  if (plural === "peanutpipelineexecutions" && field === "status.phase") {
    return (object as { status?: { phase?: string } }).status?.phase ?? ""
  }
  throw new StoreError("Invalid", `field label not supported: ${field}`)
}

const key = ({ namespace, name }: Ref) => `${namespace}/${name}`
