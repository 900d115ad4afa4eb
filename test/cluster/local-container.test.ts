import { describe, expect, it } from "vitest"
import { expand, resolveContainer } from "../../src/cluster/local/container.ts"
import { expandAsKubelet } from "../control-plane/expansion.ts"

const around = { name: "pod", messageFile: "/tmp/m", seesThisMachine: true }

describe("resolveContainer", () => {
  it("sets variables from those before them, and puts them into command and arguments", () => {
    const env = [
      { name: "A", value: "$(B) $$(B)" },
      { name: "B", value: "b" },
      { name: "C", value: "$(B)$(A)" },
      { name: "EMPTY" },
      { name: "SECRET", valueFrom: { secretKeyRef: { optional: true } } },
    ]
    const stage = { name: "stage", command: ["$(C)"], args: ["$(SECRET)$(EMPTY)"], env }
    const resolved = resolveContainer(stage, around)
    expect(resolved.env).toEqual({ A: "$(B) $(B)", B: "b", C: "b$(B) $(B)", EMPTY: "" })
    expect([resolved.command, resolved.args]).toEqual([["b$(B) $(B)"], ["$(SECRET)"]])
  })

  it("sets the index of an indexed Job after all others, as the Job controller does", () => {
    const env = [{ name: "A", value: "$(JOB_COMPLETION_INDEX)" }]
    const stage = { name: "stage", command: ["$(JOB_COMPLETION_INDEX)"], env }
    const resolved = resolveContainer(stage, { ...around, completionIndex: 7 })
    expect(resolved.env).toEqual({ A: "$(JOB_COMPLETION_INDEX)", JOB_COMPLETION_INDEX: "7" })
    expect(resolved.command).toEqual(["7"])
  })

  it("takes variables of any name, those that every object has included", () => {
    const env = ["__proto__", "constructor"].map((name) => ({ name, value: `a ${name}` }))
    const resolved = resolveContainer({ name: "stage", args: ["$(__proto__)", "$(toString)"], env }, around)
    expect(Object.entries(resolved.env)).toEqual([
      ["__proto__", "a __proto__"],
      ["constructor", "a constructor"],
    ])
    expect(resolved.args).toEqual(["a __proto__", "$(toString)"])
  })

  it("leaves the index to a stage that sets it", () => {
    const env = [{ name: "JOB_COMPLETION_INDEX", value: "mine" }]
    expect(resolveContainer({ name: "stage", env }, { ...around, completionIndex: 7 }).env).toEqual({
      JOB_COMPLETION_INDEX: "mine",
    })
  })

  describe("tells where the termination message goes", () => {
    const stage = {
      name: "stage",
      args: ["--out=$(PEANUT_OUTPUT)"],
      env: [
        { name: "PEANUT_OUTPUT", value: "/dev/termination-log" },
        { name: "ALSO", value: "$(PEANUT_OUTPUT)" },
        { name: "OTHER", value: "/dev/termination-log.old" },
      ],
    }

    it("to a process: a file of its own, never /dev/termination-log", () => {
      const { env, args, message } = resolveContainer(stage, around)
      expect(env).toEqual({ PEANUT_OUTPUT: "/tmp/m", ALSO: "/tmp/m", OTHER: "/dev/termination-log.old" })
      expect(args).toEqual(["--out=/tmp/m"])
      expect(message).toEqual({ file: "/tmp/m", path: "/dev/termination-log" })
    })

    it("to a container: the path in the container", () => {
      const { env, args } = resolveContainer(stage, { ...around, seesThisMachine: false })
      expect([env.PEANUT_OUTPUT, env.ALSO, args]).toEqual([
        "/dev/termination-log",
        "/dev/termination-log",
        ["--out=/dev/termination-log"],
      ])
    })

    it("where its author put it", () => {
      const env = [{ name: "PEANUT_OUTPUT", value: "/out/message" }]
      const own = { name: "stage", terminationMessagePath: "/out/message", env }
      expect(resolveContainer(own, around).env).toEqual({ PEANUT_OUTPUT: "/tmp/m" })
      expect(resolveContainer(own, around).message.path).toBe("/out/message")
    })
  })
})

const env = { VAR: "value", REF: "$(VAR)", "odd name": "odd", DOLLAR: "$$", "": "empty" }

// The rules of Kubernetes' third_party/forked/golang/expansion, one case each.
const cases: readonly (readonly [text: string, expanded: string, why: string])[] = [
  ["$(VAR)", "value", "a known name is replaced"],
  ["--$(VAR)-$(VAR)--", "--value-value--", "each time, wherever it stands"],
  ["$(odd name)", "odd", "a name is all that is between the brackets"],
  ["$(MISSING)", "$(MISSING)", "an unknown name stays as it is"],
  ["$(toString)", "$(toString)", "also one that every object has"],
  ["$(REF)", "$(VAR)", "a value is not looked at again"],
  ["$(DOLLAR)", "$$", "not even for dollars"],
  ["$$(VAR)", "$(VAR)", "two dollars are one, which begins nothing"],
  ["$$$(VAR)", "$value", "the third begins a reference"],
  ["$$$$(VAR)", "$$(VAR)", "four dollars are two"],
  ["$$", "$", "also without brackets"],
  ["$$VAR $$ $$$", "$VAR $ $$", "anywhere"],
  ["$VAR $- $", "$VAR $- $", "a dollar before something else stays"],
  ["$ $(VAR)", "$ value", "and hides nothing behind it"],
  ["$(VAR", "$(VAR", "brackets that do not close begin nothing"],
  ["$(VAR $$", "$(VAR $", "and what follows them counts"],
  ["$($(VAR)", "$($(VAR)", "the first closing bracket ends a name, whatever is in it"],
  ["$(\n)", "$(\n)", "a name may go over lines"],
  ["", "", "nothing is nothing"],
]

describe.each([
  ["a laptop", expand],
  [
    "the stub kubelet",
    (text: string, values: Readonly<Record<string, string>>) => expandAsKubelet(text, new Map(Object.entries(values))),
  ],
] as const)("expansion on %s", (_, expandHere) => {
  it.each(cases)("%j is %j: %s", (text, expanded) => expect(expandHere(text, env)).toBe(expanded))
})

describe("expansion", () => {
  it("is the same on a laptop and by the stub kubelet, which reads letter by letter", () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    const next = random(seed)
    const parts = ["$", "$", "$", "(", ")", "VAR", "REF", "DOLLAR", " ", "\n", "x"]
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: next() % 12 }, () => parts[next() % parts.length]).join("")
      expect(expand(text, env), `seed ${seed}: ${JSON.stringify(text)}`).toBe(
        expandAsKubelet(text, new Map(Object.entries(env))),
      )
    }
  })

  it("gives a text back whose dollars were doubled: so are values protected", () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    const next = random(seed)
    const parts = ["$", "$", "(", ")", "VAR", "é", "🥜", "\\", "`"]
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: next() % 12 }, () => parts[next() % parts.length]).join("")
      expect(expand(text.replaceAll("$", "$$$$"), env), `seed ${seed}`).toBe(text)
    }
  })
})

/** Numbers by a linear congruence; enough for texts. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 8
  }
}
