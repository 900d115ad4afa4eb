// When schedules start runs: what is taken, and what is said of the rest.

import { describe, expect, it } from "vitest"
import { findScheduleProblems } from "../../src/execution/problems.ts"
import { findTimeProblem } from "../../src/execution/schedule.ts"

describe("cron", () => {
  it.each([
    "* * * * *",
    "0 3 * * *",
    "*/10 * * * *",
    "0,30 9-17 * * MON-fri",
    "5/15 0 1 jan,JUL ?",
    "0-59/2 23 31 12 6",
    "  0   3 * *\t* ",
    "5-5 0005 * * *",
    "0 0 1 jan-feb,feb-mar,mar-apr,apr-may,may-jun,jun-jul,jul-aug,aug-sep,sep-oct,oct-nov,nov-dec *",
    "0 0 * * sun-mon,mon-tue,tue-wed,wed-thu,thu-fri,fri-sat",
    // A word is the same as its number.
    "0 0 1 feb-2,2-feb,12-dec,dec-12 sun-0,0-sun",
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@hourly",
    "@midnight",
  ])("may be %j", (cron) => {
    expect(findTimeProblem({ cron })).toBeUndefined()
  })

  it.each([
    ["", "has 0 fields, not five"],
    ["daily", "has 1 field, not five"],
    ["0 0 3 * * *", "has 6 fields, not five"],
    ["60 * * * *", 'minute "60" must be *, a number from 0 to 59'],
    ["* 24 * * *", 'hour "24" must be *, a number from 0 to 23'],
    ["* * 0 * *", 'day of the month "0" must be'],
    ["* * * 13 *", 'month "13" must be *, a number from 1 to 12 or a name from jan to dec'],
    ["* * * * 7", 'day of the week "7" must be *, a number from 0 to 6 or a name from sun to sat'],
    ["* * * mon *", 'month "mon" must be'],
    ["30-10 * * * *", 'minute "30-10" ends before it begins'],
    ["* * * * fri-mon", 'day of the week "fri-mon" ends before it begins'],
    ["*/0 * * * *", 'minute "*/0" must have a step above 0'],
    ["*/5/2 * * * *", 'minute "*/5/2" must have a step above 0'],
    ["*/ * * * *", 'minute "*/" must have a step above 0'],
    ["1- * * * *", 'minute "1-" must be'],
    ["1-2-3 * * * *", 'minute "1-2-3" must be'],
    ["-1 * * * *", 'minute "-1" must be'],
    ["1,,2 * * * *", 'minute "" must be'],
    ["1.5 * * * *", 'minute "1.5" must be'],
    ["1-60 * * * *", 'minute "1-60" must be'],
    ["00005 * * * *", 'minute "00005" must be'],
    ["*/00005 * * * *", 'minute "*/00005" must have a step above 0'],
    ["*/5x * * * *", 'minute "*/5x" must have a step above 0'],
    ["*/0x5 * * * *", 'minute "*/0x5" must have a step above 0'],
    ["* * * * TZ=UTC", 'day of the week "TZ=UTC" must be'],
    ["@dayly", '"@dayly" is not a name that cron has; did you mean "@daily"?'],
    ["@every 10m", 'every ten minutes is "*/10 * * * *"'],
    ["TZ=Europe/Berlin 0 3 * * *", "write it into timeZone"],
    ["CRON_TZ=UTC 0 3 * * *", "write it into timeZone"],
  ])("cannot be %j", (cron, problem) => {
    expect(findTimeProblem({ cron })).toContain(problem)
  })

  it.each([
    ["@dayly", 'is not a name that cron has; did you mean "@daily"?'],
    ["@every 5m", 'is not a name that cron has; every ten minutes is "*/10 * * * *"'],
    ["hourly", "has 1 field, not five: minute, hour, day of the month, month, day of the week"],
    [" 60 * * * *", ': minute "60" must be *, a number from 0 to 59, or a range of these'],
    [
      "* * * * 7",
      ': day of the week "7" must be *, a number from 0 to 6 or a name from sun to sat, or a range of these',
    ],
    ["CRON_TZ=UTC @daily", "names a time zone; write it into timeZone"],
  ])("%j is told in one sentence", (cron, problem) => {
    expect(findTimeProblem({ cron })).toBe(`cron "${cron}"${problem.startsWith(":") ? "" : " "}${problem}`)
  })
})

describe("timeZone", () => {
  const cron = "@daily"

  it.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Pacific", "Etc/GMT+5"])(
    "may be %s",
    (timeZone) => {
      expect(findTimeProblem({ cron, timeZone })).toBeUndefined()
    },
  )

  it.each([
    ["Berlin", 'timeZone "Berlin" is not known'],
    ["Local", 'timeZone "Local" is not known'],
    ["+01:00", 'timeZone "+01:00" is not known'],
    ["-05:00", 'timeZone "-05:00" is not known; write one as Europe/Berlin or UTC'],
    ["europe/berlin", 'timeZone "europe/berlin" is not known; did you mean "Europe/Berlin"?'],
    ["../../etc/passwd", "is not known"],
  ])("cannot be %s", (timeZone, problem) => {
    expect(findTimeProblem({ cron, timeZone })).toContain(problem)
  })

  it("is looked at once cron is right", () => {
    expect(findTimeProblem({ cron: "@dayly", timeZone: "Berlin" })).toContain("cron")
  })
})

it("a schedule gives what its pipeline declares, all that has no default, and nothing else", () => {
  const declared = [{ name: "env" }, { name: "size", default: "s" }]
  const problems = (params?: { name: string; value: string }[]) =>
    findScheduleProblems("web", { params: declared }, { name: "nightly", cron: "@daily", params })
  expect(problems([{ name: "env", value: "test" }])).toEqual([])
  expect(problems()).toEqual([
    'schedule "nightly": it gives no value for param "env" of pipeline "web", which has no default',
  ])
  expect(
    problems([
      { name: "env", value: "test" },
      { name: "sise", value: "l" },
    ]),
  ).toEqual(['schedule "nightly": it gives param "sise", which pipeline "web" does not declare; did you mean "size"?'])
})
