import { describe, expect, it } from "vitest"
import { duration, durationSeconds } from "../../src/api/duration.ts"

describe("duration", () => {
  it.each([
    { text: "1s", seconds: 1 },
    { text: "90s", seconds: 90 },
    { text: "10m", seconds: 600 },
    { text: "1h30m", seconds: 5400 },
    { text: "1h1s", seconds: 3601 },
    { text: "2h3m4s", seconds: 7384 },
    { text: "007s", seconds: 7 },
    { text: "99999h99999m9999999s", seconds: 99999 * 3600 + 99999 * 60 + 9_999_999 },
  ])("$text is $seconds s", ({ text, seconds }) => {
    expect(duration.parse(text)).toBe(text)
    expect(durationSeconds(text)).toBe(seconds)
  })

  it.each([
    "",
    "s",
    "10",
    "10 s",
    "1d",
    "1.5h",
    "-1s",
    "10ms",
    "30m1h",
    "1s1s",
    "10M",
    "100000h",
    "１s",
    "1s\n",
    10,
    null,
  ])("%j is none", (text) => {
    expect(duration.safeParse(text).success).toBe(false)
  })

  // CEL refuses it at admission; peanut run has no CEL, and a Job with such a deadline is over before it starts.
  it.each(["0s", "0h0m"])("%s is none", (text) => {
    expect(duration.safeParse(text).success).toBe(false)
  })
})
