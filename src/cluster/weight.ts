// About how much memory an object takes, so that what is held of many objects can be bounded.

/** Of each object, list, number and so on. */
const bytesOfNode = 32

/**
 * The bytes of a value of JSON, roughly; no more is looked at once they are beyond `limit`. Without recursion, as an object can
 * have more levels than a stack.
 */
export function weightOf(value: unknown, limit = Number.POSITIVE_INFINITY): number {
  let bytes = 0
  const left: unknown[] = [value]
  while (left.length > 0 && bytes <= limit) {
    const part = left.pop()
    bytes += bytesOfNode
    if (typeof part === "string") bytes += part.length
    else if (Array.isArray(part)) for (const item of part) left.push(item)
    else if (typeof part === "object" && part !== null) {
      for (const key in part) {
        bytes += key.length
        left.push((part as Record<string, unknown>)[key])
      }
    }
  }
  return bytes
}

/** Takes what fits: `has` is false for an object that is heavier than one may be, or for which no room is left. */
export function room(bytes: number, bytesOfOne = bytes): { readonly has: (object: unknown) => boolean } {
  let left = bytes
  return {
    has: (object) => {
      const most = Math.min(left, bytesOfOne)
      const weight = weightOf(object, most)
      if (weight > most) return false
      left -= weight
      return true
    },
  }
}
