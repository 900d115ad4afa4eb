// How many objects to ask for in one answer of a list. The API server counts objects, memory counts bytes: pages begin small
// where objects can be large, and then become as many as fit.

import type { Resource } from "../object-api.ts"

/** How long a page should be, in bytes: it is held several times over while it is taken apart. */
const goodPageBytes = 2 * 1024 * 1024
/** Of a page that is longer no more is read: it is asked for again, in smaller pages. */
export const maxPageBytes = 2 * goodPageBytes
const mostObjects = 500

/** What users write can be a megabyte an object. Jobs and pods seldom are: a step should have them in one answer. */
const first: Readonly<Record<string, number>> = { peanutstages: 4, peanutpipelines: 16, peanutpipelineexecutions: 16 }

/** The limit of the first page. */
export const firstPage = ({ plural }: Resource): number => first[plural] ?? 200

/** The limit of the page that follows one with so many objects, of so many bytes together. */
export function nextPage(limit: number, objects: number, bytes: number): number {
  const fitting = Math.floor((goodPageBytes * objects) / Math.max(1, bytes))
  return Math.max(1, Math.min(mostObjects, 2 * limit, fitting))
}
