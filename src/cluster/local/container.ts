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
  /** The file on this machine for its termination message, and where the container finds it. */
  readonly message: { readonly file: string; readonly path: string }
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
  /** Whether what it runs sees the files of this machine, and no others. */
  readonly seesThisMachine: boolean
  start(container: ResolvedContainer, onLine: (line: string) => void): RunningContainer
}

/** What is decided about a container on this machine. */
export interface Surroundings {
  /** The name of its pod. */
  readonly name: string
  readonly messageFile: string
  readonly seesThisMachine: boolean
  /** Of an indexed Job, which pod it is. */
  readonly completionIndex?: number | undefined
}

/** The stage's container of a pod, its variables set and put into its command as Kubernetes does. */
export function resolveContainer(container: Container, around: Surroundings): ResolvedContainer {
  const path = messagePath(container)
  // Without a prototype: a variable may have the name of a field that every object has.
  const env: Record<string, string> = Object.create(null)
  for (const { name, value } of variablesOf(container, around)) {
    const expanded = expand(value ?? "", env)
    // A process of this machine has no business in /dev: whoever is told of the file is told of its own.
    env[name] = around.seesThisMachine && expanded === path ? around.messageFile : expanded
  }
  return {
    name: around.name,
    image: container.image ?? "",
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    env,
    message: { file: around.messageFile, path },
  }
}

/** Those with a plain value. The index comes last, as from the Job controller: the others cannot refer to it. */
function variablesOf({ env = [] }: Container, { completionIndex }: Surroundings): readonly EnvVar[] {
  const plain = env.filter(({ valueFrom }) => valueFrom === undefined)
  const name = "JOB_COMPLETION_INDEX"
  if (completionIndex === undefined || env.some((variable) => variable.name === name)) return plain
  return [...plain, { name, value: String(completionIndex) }]
}

/** Where a container finds the file for its termination message. */
function messagePath({ terminationMessagePath: path }: Container): string {
  return typeof path === "string" && path !== "" ? path : "/dev/termination-log"
}

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
