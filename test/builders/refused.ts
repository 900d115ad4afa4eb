// What an API server says that refuses a Job.

import { Refused } from "../../src/cluster.ts"

/** By these words about the Job of this name, if it names one. */
export function refused(status: number, said: string, name?: string, causes: readonly string[] = []): Refused {
  const reason = ({ 400: "BadRequest", 403: "Forbidden" } as Readonly<Record<number, string>>)[status] ?? "Invalid"
  const message = name === undefined ? said : `jobs.batch "${name}" is ${reason.toLowerCase()}: ${said}`
  return new Refused({ status, reason, causes, said, message })
}
