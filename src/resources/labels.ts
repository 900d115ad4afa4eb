// The labels and annotations that Jobs and their pods carry. They help people and sources select; nothing is ever
// adopted because of them.

import { createHash } from "node:crypto"
import { group } from "../api/meta.ts"

/** On Jobs and pods: the execution. As a label shortened where it must be; as an annotation whole. */
export const executionKey = `${group}/execution`
/** On Jobs and pods: the stage. As a label a slug of it; as an annotation whole. */
export const stageKey = `${group}/stage`
/** On Jobs and pods of a stage with a matrix, as an annotation: its combination, such as `os=linux, arch=arm64`. */
export const combinationKey = `${group}/combination`
/** On PingSources, as annotations: the pipeline and its schedule. */
export const pipelineKey = `${group}/pipeline`
export const scheduleKey = `${group}/schedule`
export const managedByKey = "app.kubernetes.io/managed-by"
/** On Jobs and pods: which of the source's watches tells of them, so that an execution waits only for those of its shard. */
export const shardKey = `${group}/shard`

/** As many as `knative/source.yaml` has entries for pods; its last one takes whatever has none of the other labels. */
const shards = 8

/** The value of the label {@link executionKey}: the execution's name, or where that is too long a part and a hash of it. */
export function executionLabel(name: string): string {
  return name.length <= 63 ? name : `${name.slice(0, 49).replace(/[^a-z0-9]+$/, "")}-${hash(name)}`
}

/** The value of the label {@link stageKey}: what of the stage's name a label can say. */
export function stageLabel(name: string): string {
  return slug(name, 63) || `stage-${hash(name)}`
}

/** The value of the label {@link shardKey}: the same for all that an execution owns, whose events so stay in order. */
export function shardLabel(uid: string): string {
  return String(createHash("sha256").update(uid).digest().readUInt32BE() % shards)
}

/** Text as a lower-case DNS label of at most so many characters; empty where nothing of it can be kept. */
export function slug(text: string, length: number): string {
  const kept = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
  return kept.replace(/^-/, "").slice(0, length).replace(/-$/, "")
}

/** 64 bits of SHA-256 over the parts, unambiguous about where each ends, as 13 characters of base 36. */
export function hash(...parts: readonly (string | number)[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest()
  return digest.readBigUInt64BE().toString(36).padStart(13, "0")
}
