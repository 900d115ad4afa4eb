// Durations as people write them in manifests: "90s", "10m", "1h30m".

import * as z from "zod"

const pattern = /^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,7}s)?$/

/** A duration in hours, minutes and seconds, of at least one second. */
export const duration = z
  .string()
  .min(2)
  .max(20)
  .regex(pattern)
  .refine((text) => durationSeconds(text) >= 1, "must be at least 1s")
  .meta({
    "x-kubernetes-validations": [
      { rule: "duration(self) >= duration('1s')", message: "must be at least 1s, such as 90s, 10m or 1h30m" },
    ],
  })

/** The length of a valid {@link duration}, in seconds. */
export function durationSeconds(text: string): number {
  const [, hours, minutes, seconds] = pattern.exec(text) ?? []
  const count = (part: string | undefined) => (part ? Number.parseInt(part, 10) : 0)
  return count(hours) * 3600 + count(minutes) * 60 + count(seconds)
}
