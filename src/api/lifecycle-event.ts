// The data of the CloudEvents that tell others what happened to a run.

import * as z from "zod"
import { executionPhases, stagePhases } from "./execution.ts"

export const lifecycleData = z
  .object({
    execution: z.object({
      namespace: z.string(),
      name: z.string(),
      uid: z.string().meta({ description: "Tells this execution from others of the same name, earlier or later." }),
    }),
    pipeline: z.string().meta({ description: "Name of the PeanutPipeline." }),
    phase: z.enum(executionPhases).meta({ description: "Phase of the execution after what happened." }),
    summary: z.string().optional().meta({ description: "The stages in one line, such as: 3/5 succeeded, 1 running." }),
    reason: z.string().optional().meta({ description: "CamelCase word: why." }),
    message: z.string().optional().meta({ description: "The same for people." }),
    stage: z
      .object({
        name: z.string(),
        phase: z.enum(stagePhases),
        jobName: z.string().optional(),
        startTime: z.string().optional(),
        completionTime: z.string().optional(),
      })
      .optional()
      .meta({ description: "The stage that it happened to, if it was a stage." }),
  })
  .meta({ title: "Data of a lifecycle event of Peanut" })
export type LifecycleData = z.infer<typeof lifecycleData>
