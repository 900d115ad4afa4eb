import { describe, expect, test } from "vitest"
import { environment } from "./pod-play.ts"
import { ended, keptOf } from "./pod-status.ts"

const podOf = (containers: number, initContainers = 0) => ({
  spec: {
    containers: Array.from({ length: containers }, (_, index) => ({ name: index === 0 ? "stage" : `helper-${index}` })),
    initContainers: Array.from({ length: initContainers }, (_, index) => ({ name: `init-${index}` })),
  },
})

describe("a termination message", () => {
  test("is kept up to its last 4,096 bytes, as a kubelet reads it", () => {
    expect(keptOf("x".repeat(4096), podOf(1))).toBe("x".repeat(4096))
    expect(keptOf(`lost${"x".repeat(4093)}end`, podOf(1))).toBe(`${"x".repeat(4093)}end`)
    // An é of which one byte was cut off.
    expect(keptOf(`é${"x".repeat(4095)}`, podOf(1))).toBe(`\ufffd${"x".repeat(4095)}`)
  })

  test("is cut at its share of 12 KiB where a pod has many containers", () => {
    expect(keptOf("x".repeat(4096), podOf(2, 1)).length).toBe(4096)
    expect(keptOf(`${"x".repeat(3072)}lost`, podOf(2, 2))).toBe("x".repeat(3072))
    expect(keptOf(`lost${"x".repeat(3072)}${"y".repeat(1024)}`, podOf(4))).toBe("x".repeat(3072))
  })

  test("is in the status of the stage's container alone", () => {
    const ending = { exitCode: 0, message: "a=1\n", startedAt: new Date(), restarts: 0 }
    const { containerStatuses } = ended(podOf(2), ending) as { containerStatuses: object[] }
    expect(containerStatuses).toMatchObject([{ state: { terminated: { message: "a=1\n" } } }, { state: {} }])
    expect(JSON.stringify(containerStatuses[1])).not.toContain("message")
  })
})

describe("a container's variables", () => {
  test("see those before them", () => {
    const env = [
      { name: "A", value: "$(B)$$(B)" },
      { name: "B", value: "b" },
      { name: "C", value: "$(B)$(A)" },
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "EMPTY" },
    ]
    const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "stage", env }] } }
    expect(Object.fromEntries(environment(pod))).toEqual({ A: "$(B)$(B)", B: "b", C: "b$(B)$(B)", POD: "p", EMPTY: "" })
  })
})
