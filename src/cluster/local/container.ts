// What the job runner needs of whatever runs a stage's container on this machine.

import type { Container, EnvVar, PodSpec } from "../../api/job.ts"

/** A container with everything resolved that Kubernetes would resolve. */
export interface ResolvedContainer {
  /** Unique on this machine. */
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface ContainerExit {
  readonly exitCode: number
  /** Why it could not even start. */
  readonly message?: string
}

export interface RunningContainer {
  readonly exited: Promise<ContainerExit>
  /** Asks the container to end. */
  terminate(): void
  /** Ends it. */
  kill(): void
}

/** Starts containers; each line that they write goes to `onLine`. */
export interface ContainerRuntime {
  start(container: ResolvedContainer, onLine: (line: string) => void): RunningContainer
}

/** The stage's container of a pod, its variables set and put into its command as Kubernetes does. */
export function resolveContainer(
  name: string,
  container: Container,
  extra: Readonly<Record<string, string>>,
): ResolvedContainer {
  const env: Record<string, string> = { ...extra }
  for (const variable of container.env ?? []) {
    if (isPlain(variable)) env[variable.name] = expand(variable.value ?? "", env)
  }
  return {
    name,
    image: container.image ?? "",
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    env,
  }
}

const isPlain = (variable: EnvVar) => variable.valueFrom === undefined

/** Replaces `$(NAME)` by a variable's value; `$$` stands for `$`, and an unknown name stays as it is. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name?: string) => {
    if (name === undefined) return "$"
    return Object.hasOwn(env, name) ? env[name]! : whole
  })
}

/** How long a pod may take to end when asked to, in seconds; Kubernetes' own default is 30. */
export function graceSeconds(spec: PodSpec): number {
  const grace = spec.terminationGracePeriodSeconds
  return typeof grace === "number" ? grace : 30
}
