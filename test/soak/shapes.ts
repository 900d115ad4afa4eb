// What the soak runs: a handful of pipelines, each in several versions between which it is edited, and a record of when
// each version came, so that the oracle knows what a run may have seen.

import type { ApiClient } from "../control-plane/api-client.ts"
import type { SeededRandom } from "./seeded-random.ts"

export interface Stage {
  readonly name: string
  readonly type: string
  readonly dependsOn?: readonly string[]
}

/** By the stub of the kubelet, a second lasts 10 ms; `hold` never ends by itself. */
const stageTypes: Readonly<Record<string, readonly (readonly string[])[]>> = {
  quick: [["true"]],
  nap: [["sleep", "30"]],
  broken: [["sh", "-c", "exit 3"]],
  held: [["hold"]],
  flip: [["true"], ["sh", "-c", "exit 4"], ["sleep", "5"]],
}

const pipelines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  single: [["a:quick"], ["a:nap"]],
  chain: [["a:quick → b:flip → c:quick"], ["a:nap → b:quick"], ["a:quick → b:broken → c:quick"]],
  sample: [["First:nap", "Second:nap → Third:quick → Fifth:nap", "Second → Fourth:quick → Fifth"]],
  branches: [
    ["a:quick → b:broken → c:quick → e:quick", "a → d:flip"],
    ["a:quick → b:quick → c:quick", "a → d:quick"],
  ],
  fan: [["a:quick → b:nap → f:quick", "a → c:quick → f", "a → d:flip → f", "a → e:quick → f"]],
  held: [["a:quick → b:held → c:quick", "a → d:quick"]],
  cycle: [["a:quick → b:quick → a"]],
}

export const shapes = Object.keys(pipelines).filter((name) => name !== "held" && name !== "cycle")

export const group = "/apis/pipeline.peanut.dev/v1alpha1"

export interface Shapes {
  /** Every version of a pipeline's stages, or of a stage's command, that was current at `since` or later. */
  readonly stagesSince: (pipeline: string, since: number) => readonly (readonly Stage[])[]
  readonly commandsSince: (type: string, since: number) => readonly (readonly string[])[]
  /** How many edits there were: a point in their history. */
  readonly now: () => number
  readonly edit: (random: SeededRandom) => Promise<void>
}

interface Version<T> {
  readonly number: number
  readonly value: T
}

/** Creates them all in a namespace. */
export async function createShapes(api: ApiClient, namespace: string): Promise<Shapes> {
  let edits = 0
  const stages = new Map<string, Version<readonly Stage[]>[]>()
  const commands = new Map<string, Version<readonly string[]>[]>()
  const create = (kind: string, name: string, spec: object) =>
    api.create(`${group}/namespaces/${namespace}/${kind.toLowerCase()}s`, {
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind,
      metadata: { name },
      spec,
    })
  for (const [type, [command]] of Object.entries(stageTypes)) {
    await create("PeanutStage", type, { image: "busybox", command })
    commands.set(type, [{ number: 0, value: command! }])
  }
  // The oracle looks at every run at the end.
  const keepAll = { successfulExecutionsHistoryLimit: 1_000_000, failedExecutionsHistoryLimit: 1_000_000 }
  for (const [name, [chains]] of Object.entries(pipelines)) {
    await create("PeanutPipeline", name, { stages: stagesOf(chains!), ...keepAll })
    stages.set(name, [{ number: 0, value: stagesOf(chains!) }])
  }

  return {
    stagesSince: (pipeline, since) => versionsSince(stages.get(pipeline) ?? [], since),
    commandsSince: (type, since) => versionsSince(commands.get(type) ?? [], since),
    now: () => edits,
    // Recorded before it is made: whoever reads the new version finds it recorded.
    edit: async (random) => {
      const isStage = random.chance(0.3)
      const [name, versions] = random.pick(Object.entries(isStage ? stageTypes : pipelines).filter(([, v]) => v[1]))
      const version = random.pick<readonly string[]>(versions)
      edits++
      if (isStage) {
        commands.get(name)!.push({ number: edits, value: version })
        await api.patch(
          `${group}/namespaces/${namespace}/peanutstages/${name}`,
          { spec: { command: version } },
          "merge",
        )
      } else {
        stages.get(name)!.push({ number: edits, value: stagesOf(version) })
        const spec = { stages: stagesOf(version) }
        await api.patch(`${group}/namespaces/${namespace}/peanutpipelines/${name}`, { spec }, "merge")
      }
    },
  }
}

/** The one that was current then, and all that came later. An edit may take effect a little after it is recorded. */
function versionsSince<T>(versions: readonly Version<T>[], since: number): readonly T[] {
  const current = versions.findLastIndex(({ number }) => number <= since)
  return versions.slice(Math.max(0, current - 1)).map(({ value }) => value)
}

/** `a:type → b:type`, one chain each; a type is said once. */
function stagesOf(chains: readonly string[]): readonly Stage[] {
  const found = new Map<string, { name: string; type: string; dependsOn: string[] }>()
  for (const chain of chains) {
    let before: string | undefined
    for (const word of chain.split(" → ")) {
      const [name = "", type = ""] = word.split(":")
      const stage = found.get(name) ?? { name, type, dependsOn: [] }
      if (before !== undefined) stage.dependsOn.push(before)
      found.set(name, stage)
      before = name
    }
  }
  return [...found.values()].map(({ name, type, dependsOn }) => ({ name, type, ...(dependsOn[0] && { dependsOn }) }))
}
