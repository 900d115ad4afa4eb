// approval: a stage waits until a person has named it in the execution's `approved`.

import type { Gate } from "./gate.ts"

export function checkApproval(
  stage: { readonly name: string; readonly approval?: boolean | undefined },
  approved: readonly string[] | undefined,
): Gate | undefined {
  if (!stage.approval || approved?.includes(stage.name)) return undefined
  return { _tag: "Wait", reason: "AwaitingApproval", message: "add its name to spec.approved of the execution" }
}
