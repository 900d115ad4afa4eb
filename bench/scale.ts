// node bench/scale.ts [--full] [--only wide,deep,many,foreign] [--sizes 250,500] [--runs 1] [--profile DIR]: how time, calls,
// bytes, CPU and memory grow with the stages of a pipeline, with the number of executions, and with the Jobs of others.
// On a real control plane with KWOK as the node; pods succeed at once.

import { parseArgs } from "node:util"
import { inWorld } from "./control-plane/world.ts"
import { machineReport } from "./machine.ts"
import { judge, markdown, type Report } from "./report.ts"
import { foreignReport } from "./scale/foreign.ts"
import { growthReport, growths } from "./scale/growth.ts"
import { type ScaleOptions, usualScale } from "./scale/options.ts"

/** `onReport` is told each as soon as it stands: the whole takes minutes, and may break off. */
export async function scaleReports(
  options: ScaleOptions = usualScale,
  onReport: (report: Report) => void = () => {},
): Promise<readonly Report[]> {
  return inWorld({ millis: 0, jitterMillis: 0 }, 90, async (world) => {
    const reports: Report[] = []
    const add = (report: Report) => {
      reports.push(report)
      onReport(report)
    }
    for (const [name, growth] of Object.entries(growths)) {
      if (options.only.includes(name)) add(await growthReport(world, name, growth, options))
    }
    if (options.only.includes("foreign")) add(await foreignReport(world, options))
    return reports
  })
}

if (import.meta.main) {
  const text = { type: "string" } as const
  const { values } = parseArgs({
    options: { full: { type: "boolean" }, only: text, sizes: text, runs: text, profile: text },
  })
  const options: ScaleOptions = {
    only: values.only?.split(",") ?? usualScale.only,
    isFull: values.full ?? false,
    sizes: values.sizes?.split(",").map(Number),
    runs: Number(values.runs ?? usualScale.runs),
    profileFolder: values.profile,
  }
  judge(await scaleReports(options, (report) => console.log(markdown(report))))
  console.log(markdown(machineReport()))
}
