import { describe, expect, it } from "vitest"
import { phases } from "../../bench/others/phases.ts"

const chain = { name: "chain", waves: [1, 1, 1] }
const fan = { name: "fan", waves: [1, 2, 1] }

describe("the phases of a measured run", () => {
  it("of a chain are the medians of its pods and hand-offs", () => {
    const pods = [
      { created: 7000, ended: 9000 },
      { created: 1500, ended: 3500 },
      { created: 4000, ended: 6000 },
    ]
    expect(phases(pods, chain, 1000, 9250)).toEqual({ first: 0.5, pod: 2, handOff: 0.5, last: 0.25 })
  })

  it("hand off when the last pod of a wave has ended", () => {
    const pods = [
      { created: 100, ended: 1000 },
      { created: 1100, ended: 3000 },
      { created: 1200, ended: 4000 },
      { created: 4300, ended: 5000 },
    ]
    expect(phases(pods, fan, 0, 5000)).toMatchObject({ handOff: 0.2, last: 0 })
  })

  it("are not told when there is not one pod for each stage, or one has not ended", () => {
    const pod = { created: 1, ended: 2 }
    expect(phases([pod, pod], chain, 0, 3)).toBeUndefined()
    expect(phases([pod, pod, pod, pod], chain, 0, 3)).toBeUndefined()
    expect(phases([pod, pod, { created: 1 }], chain, 0, 3)).toBeUndefined()
  })
})
