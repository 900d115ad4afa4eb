// The memory for the bodies of all requests together. Bodies beyond a small size share one part of it and small ones another,
// so that a few senders who hold large bodies keep nobody's small one out.

/** How much of small bodies, or of the beginnings of large ones, is held at once, in bytes. */
const smallTotal = 16 * 1024 * 1024
/** How much of what large bodies take beyond that. */
const largeTotal = 32 * 1024 * 1024
/** What a body takes of the part for small ones, at most. */
const smallBytes = 64 * 1024

/** What one body takes. */
export interface Share {
  /** Takes as much as a buffer of so many bytes needs, instead of what was taken before; whether there was as much. */
  grow(bytes: number): boolean
  /** Gives all of it back. */
  release(): void
}

export interface BodyBudget {
  share(): Share
}

export function makeBodyBudget(): BodyBudget {
  let small = 0
  let large = 0
  return {
    share: () => {
      let own = { small: 0, large: 0 }
      return {
        grow: (bytes) => {
          const next = { small: Math.min(bytes, smallBytes), large: Math.max(0, bytes - smallBytes) }
          const nextSmall = small - own.small + next.small
          const nextLarge = large - own.large + next.large
          const isMore = { small: nextSmall > small, large: nextLarge > large }
          if ((isMore.small && nextSmall > smallTotal) || (isMore.large && nextLarge > largeTotal)) return false
          small = nextSmall
          large = nextLarge
          own = next
          return true
        },
        release: () => {
          small -= own.small
          large -= own.large
          own = { small: 0, large: 0 }
        },
      }
    },
  }
}
