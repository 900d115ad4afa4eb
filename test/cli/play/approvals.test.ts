import { EventEmitter } from "node:events"
import type { ReadStream } from "node:tty"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { askAt } from "../../../src/cli/play/approvals.ts"

/** A terminal whose keys the test presses. */
class Terminal extends EventEmitter {
  isRaw = false
  isRead = false
  setRawMode(isRaw: boolean) {
    this.isRaw = isRaw
    return this
  }
  pause() {
    this.isRead = false
    return this
  }
  resume() {
    this.isRead = true
    return this
  }
}

function asking() {
  const terminal = new Terminal()
  const log: string[] = []
  const approvals = askAt(terminal as unknown as ReadStream, {
    show: (stage) => log.push(stage === undefined ? "ask nothing" : `ask ${stage}`),
    approved: (stage) => log.push(`approved ${stage}`),
    refused: (stage) => log.push(`refused ${stage}`),
    signal: (signal) => log.push(signal),
  })
  const press = (keys: string) => void terminal.emit("data", Buffer.from(keys))
  /** Long enough after the question. */
  const answer = (keys: string) => {
    vi.advanceTimersByTime(1000)
    press(keys)
  }
  return { terminal, log, approvals, press, answer }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }))
afterEach(() => void vi.useRealTimers())

describe("askAt", () => {
  it("asks about one stage after the other, and takes single keys only meanwhile", () => {
    const { terminal, log, approvals, answer } = asking()
    expect([terminal.isRaw, terminal.isRead, log]).toEqual([false, false, []])
    approvals.request("a")
    approvals.request("b")
    expect([terminal.isRaw, terminal.isRead]).toEqual([true, true])
    answer("y")
    expect([terminal.isRaw, terminal.isRead]).toEqual([true, true])
    answer("Y")
    expect([terminal.isRaw, terminal.isRead]).toEqual([false, false])
    expect(terminal.listenerCount("data")).toBe(0)
    expect(log).toEqual(["ask a", "ask b", "approved a", "ask nothing", "approved b"])
  })

  it.each(["n", "N", "\r", "\n"])("takes %j for no", (key) => {
    const { log, approvals, answer } = asking()
    approvals.request("a")
    answer(key)
    expect(log).toEqual(["ask a", "ask nothing", "refused a"])
  })

  it.each(["x", " ", "\x1b[A", "\x1b", "ü"])("takes %j for nothing", (keys) => {
    const { log, approvals, answer } = asking()
    approvals.request("a")
    answer(keys)
    expect(log).toEqual(["ask a"])
  })

  it("does not take for an answer what was typed before the question could be read", () => {
    const { log, approvals, press, answer } = asking()
    approvals.request("a")
    approvals.request("b")
    press("y\n")
    expect(log).toEqual(["ask a"])
    // The second y was meant for the first question.
    answer("yy")
    expect(log).toEqual(["ask a", "ask b", "approved a"])
  })

  it("asks about a stage once", () => {
    const { log, approvals, answer } = asking()
    approvals.request("a")
    approvals.request("a")
    answer("y")
    approvals.request("a")
    expect(log).toEqual(["ask a", "ask nothing", "approved a"])
  })

  it("passes on the keys that are signals, at once", () => {
    const { log, approvals, press } = asking()
    approvals.request("a")
    press("\x03\x1c")
    expect(log).toEqual(["ask a", "SIGINT", "SIGQUIT"])
  })

  it("asks no more about a stage that waits no more", () => {
    const { terminal, log, approvals } = asking()
    for (const stage of ["a", "b", "c"]) approvals.request(stage)
    approvals.withdraw("b")
    approvals.withdraw("other")
    expect(log).toEqual(["ask a"])
    approvals.withdraw("a")
    approvals.withdraw("c")
    expect(log).toEqual(["ask a", "ask c", "ask nothing"])
    expect(terminal.isRaw).toBe(false)
  })

  it("gives the terminal back in the end, and does not touch one that it never asked at", () => {
    const { terminal, log, approvals } = asking()
    approvals.close()
    expect(log).toEqual([])
    approvals.request("a")
    approvals.close()
    expect([terminal.isRaw, terminal.isRead, terminal.listenerCount("data")]).toEqual([false, false, 0])
    expect(log).toEqual(["ask a", "ask nothing"])
  })
})
