import { describe, expect, it } from "vitest"
import type { ContainerStatus, Pod } from "../../src/api/job.ts"
import { podTrouble } from "../../src/execution/pod-trouble.ts"
import { created, execution, job, pod, waitingFor } from "../builders/objects.ts"

const pending = (status: NonNullable<Pod["status"]>) => pod(job(execution(), "a"), { phase: "Pending", status })
const scheduling = (status: string, reason?: string, message?: string) => ({
  conditions: [{ type: "PodScheduled", status, ...(reason && { reason }), ...(message && { message }) }],
})
const containers = (...containerStatuses: ContainerStatus[]) => ({ containerStatuses })

describe("podTrouble", () => {
  it.each([
    {
      state: "an image that cannot be pulled",
      status: waitingFor("ErrImagePull", "not found"),
      says: "ErrImagePull: not found",
    },
    { state: "a pull that is put off", status: waitingFor("ImagePullBackOff"), says: "ImagePullBackOff" },
    {
      state: "a missing ConfigMap",
      status: waitingFor("CreateContainerConfigError", 'configmap "x" not found'),
      says: 'CreateContainerConfigError: configmap "x" not found',
    },
    {
      state: "no node",
      status: scheduling("False", "Unschedulable", "0/3 nodes are available"),
      says: "Unschedulable: 0/3 nodes are available",
    },
    { state: "no node, without a reason", status: scheduling("False"), says: "Unscheduled" },
    { state: "the ordinary course of a start", status: waitingFor("ContainerCreating"), says: undefined },
    { state: "containers that wait for init containers", status: waitingFor("PodInitializing"), says: undefined },
    { state: "a node found", status: scheduling("True"), says: undefined },
    // Every pod says so while it starts.
    {
      state: "containers that are not ready yet",
      status: { conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }] },
      says: undefined,
    },
    { state: "a container of which nothing is known yet", status: containers({ name: "stage" }), says: undefined },
    {
      state: "a container that runs, and another that cannot",
      status: containers(
        { name: "proxy", state: { running: { startedAt: created } } },
        { name: "stage", state: { waiting: { reason: "ErrImagePull", message: "not found" } } },
      ),
      says: "ErrImagePull: not found",
    },
    { state: "nothing known yet", status: {}, says: undefined },
  ])("a pending pod with $state: $says", ({ status, says }) => {
    expect(podTrouble(pending(status))).toBe(says)
  })

  it("sees the trouble of an init container behind which the others wait", () => {
    const init = { name: "init", state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } } }
    const status = { ...waitingFor("PodInitializing"), initContainerStatuses: [init] }
    expect(podTrouble(pending(status))).toBe("CrashLoopBackOff: back-off 10s")
  })

  it.each(["Running", "Succeeded", "Failed", "Unknown"])("a pod in phase %s has started", (phase) => {
    expect(podTrouble(pod(job(execution(), "a"), { phase, status: waitingFor("ErrImagePull") }))).toBeUndefined()
  })

  it("a pod without a status says nothing", () => {
    const { metadata } = pending({})
    expect(podTrouble({ metadata })).toBeUndefined()
  })
})
