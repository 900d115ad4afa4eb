// From a case that fails to the simplest one found that fails in the same way: steps are left out, in ever smaller groups,
// then every choice is made as small as it can be.

import type { Chosen } from "./choices.ts"

/** Runs a case; what it truly chose, if it fails in the way that is looked for. */
export type Fails = (chosen: Chosen) => Chosen | undefined

/** `runs` is how many cases may be tried. */
export function shrink(failing: Chosen, fails: Fails, runs = 3000): Chosen {
  let best = failing
  let left = runs
  const attempt = (candidate: Chosen): boolean => {
    if (left-- <= 0) return false
    const chosen = fails(candidate)
    if (chosen === undefined || !isSimpler(chosen, best)) return false
    best = chosen
    return true
  }
  for (let before: Chosen | undefined; before !== best && left > 0; ) {
    before = best
    leaveOutSteps()
    leaveOutSetup()
    lowerChoices()
  }
  return best

  function leaveOutSteps(): void {
    for (let size = Math.ceil(best.steps.length / 2); size > 0; size = Math.floor(size / 2)) {
      for (let from = best.steps.length - size; from >= 0; from -= size) {
        attempt({ ...best, steps: best.steps.toSpliced(from, size) })
      }
    }
  }

  /** Without a second pipeline, what was chosen for a third thing is chosen for the second. */
  function leaveOutSetup(): void {
    for (const size of [16, 8, 4, 2, 1]) {
      for (let from = best.setup.length - size; from >= 0; from--) {
        attempt({ ...best, setup: best.setup.toSpliced(from, size) })
      }
    }
  }

  function lowerChoices(): void {
    for (let part = best.steps.length - 1; part >= -1; part--) {
      for (let at = 0; at < (partOf(best, part)?.length ?? 0); at++) {
        const value = partOf(best, part)![at]!
        for (const lower of new Set([0, value >> 1, value - 1])) {
          if (lower >= 0 && lower < value && attempt(withChoice(best, part, at, lower))) break
        }
      }
    }
  }
}

/** The set-up is part -1. */
const partOf = ({ setup, steps }: Chosen, part: number) => (part < 0 ? setup : steps[part])

function withChoice(chosen: Chosen, part: number, at: number, value: number): Chosen {
  const list = partOf(chosen, part)!.with(at, value)
  return part < 0 ? { ...chosen, setup: list } : { ...chosen, steps: chosen.steps.with(part, list) }
}

function isSimpler(one: Chosen, other: Chosen): boolean {
  for (const measure of [stepCount, sumOfAll, choiceCount]) {
    if (measure(one) !== measure(other)) return measure(one) < measure(other)
  }
  return false
}

const stepCount = ({ steps }: Chosen) => steps.length
const choiceCount = ({ setup, steps }: Chosen) => setup.length + steps.flat().length
const sumOfAll = ({ setup, steps }: Chosen) => [...setup, ...steps.flat()].reduce((sum, value) => sum + value, 0)
