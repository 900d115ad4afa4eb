// suspend: of an execution, nothing further starts; what runs goes on.

import type { Gate } from "./gate.ts"

export function checkSuspend(suspend: boolean | undefined): Gate | undefined {
  return suspend ? { _tag: "Wait", reason: "Suspended" } : undefined
}
