// Waits for what makes a start cold: the installed controller, scaled to zero.

import { setTimeout as sleep } from "node:timers/promises"
import type { Api, ApiObject } from "./api.ts"

export const systemPods = "/api/v1/namespaces/peanut-system/pods"
/** The pods of the controller. */
export const controllerPods = `${systemPods}?labelSelector=serving.knative.dev/service%3Dpeanut`

/** Until the controller has no pod, and had none for a while. */
export async function untilZero(api: Api): Promise<void> {
  for (let empty = 0, i = 0; empty < 5; i++) {
    if (i > 300) throw new Error("the controller does not scale to zero")
    const { items } = await api.get<{ items: readonly ApiObject[] }>(controllerPods)
    empty = items.length === 0 ? empty + 1 : 0
    await sleep(1000)
  }
}
