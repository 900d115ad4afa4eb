// Choices that follow from a printed seed, so that a bad run can be made again.

export interface SeededRandom {
  /** From 0 to 1, without 1. */
  readonly number: () => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(among: readonly T[]) => T
}

/** The generator is mulberry32. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    number,
    chance: (probability) => number() < probability,
    pick: (among) => among[Math.floor(number() * among.length)]!,
  }
}
