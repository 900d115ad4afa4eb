// What is wrong with a pipeline's schedules, told at the schedule.

import { expect, it } from "vitest"
import { prepareRun } from "../../src/cli/play/prepare.ts"
import { loadManifests } from "../../src/manifests/load.ts"
import { formatProblem } from "../../src/manifests/problem.ts"

const manifest = `apiVersion: pipeline.peanut.dev/v1alpha1
kind: PeanutStage
metadata: { name: task }
spec: { image: busybox, command: ["true"] }
---
apiVersion: pipeline.peanut.dev/v1alpha1
kind: PeanutPipeline
metadata: { name: web }
spec:
  params: [{ name: env, default: test }]
  stages: [{ name: A, type: task }]
  schedules:
    - { name: nightly, cron: "0 3 * * *", timeZone: Europe/Berlin, params: [{ name: env, value: prod }] }
    - { name: late, cron: "0 25 * * *" }
    - { name: far, cron: "@daily", timeZone: Mars }
    - { name: odd, cron: "@daily", params: [{ name: envs, value: x }] }
`

it("a schedule that cannot start anything is told at its line, before anything runs", async () => {
  const loaded = await loadManifests(["-"], async () => manifest)
  const prepared = prepareRun(loaded, { pipeline: "web", runner: "process", environment: process.env, canAsk: true })
  expect("problems" in prepared && prepared.problems.map(formatProblem)).toEqual([
    '<stdin>:14: PeanutPipeline "web": schedule "late": cron "0 25 * * *": hour "25" must be *, a number from 0 to 23, or a range of these',
    '<stdin>:15: PeanutPipeline "web": schedule "far": timeZone "Mars" is not known; write one as Europe/Berlin or UTC',
    '<stdin>:16: PeanutPipeline "web": schedule "odd": it gives param "envs", which pipeline "web" does not declare; did you mean "env"?',
  ])
})
