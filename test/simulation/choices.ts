// Where all chance of a case comes from: a stream of small integers, drawn from a seed or given. The same integers are the
// same case, byte for byte; fewer and smaller ones are a simpler case, and that is all that shrinking needs to know.

/** What was chosen in a case: before it began, and in each of its steps. */
export interface Chosen {
  readonly setup: readonly number[]
  readonly steps: readonly (readonly number[])[]
}

/** The choices of one part of a case. Zero is always the plainest choice. */
export class Choices {
  readonly taken: number[] = []
  readonly #draw: (position: number) => number

  constructor(draw: (position: number) => number) {
    this.#draw = draw
  }

  /** A whole number from 0 and below the count. */
  below(count: number): number {
    const value = count < 2 ? 0 : this.#draw(this.taken.length) % count
    this.taken.push(value)
    return value
  }

  oneIn(count: number): boolean {
    return this.below(count) === count - 1
  }

  of<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  /** One of these, the likelier the greater its weight. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let left = this.below(list.reduce((sum, { weight }) => sum + weight, 0))
    for (const entry of list) {
      if (left < entry.weight) return entry
      left -= entry.weight
    }
    return list[0]!
  }
}

/** The choices of a case, part by part; a step after the last one given does not exist. */
export interface Source {
  /** Whether there is always another step: then the plan says when to stop. */
  readonly isEndless: boolean
  setup(): Choices
  step(index: number): Choices | undefined
}

export function seeded(seed: number): Source {
  const random = mulberry32(seed)
  return { isEndless: true, setup: () => new Choices(random), step: () => new Choices(random) }
}

/** The same case again; where it now asks for more than was chosen, it gets zeros. */
export function replayed({ setup, steps }: Chosen): Source {
  const given = (list: readonly number[]) => new Choices((position) => list[position] ?? 0)
  return {
    isEndless: false,
    setup: () => given(setup),
    step: (index) => (steps[index] === undefined ? undefined : given(steps[index])),
  }
}

/** A small generator of good 32-bit numbers; nearby seeds give unlike streams. */
function mulberry32(seed: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
