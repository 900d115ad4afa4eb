// The texts of a stage's template in which references are replaced: command, arguments and environment values of its
// containers, and nothing else. All that is put in is data: the shape of the pod stays its author's.

import type { Container, EnvVar } from "../../api/job.ts"
import type { StageSpec } from "../../api/stage.ts"
import { readStage } from "../../api/stage-parts.ts"
import { expanderFor } from "./expanded-words.ts"
import { type Refusal, refusedWords } from "./program-words.ts"
import { findReferences, type Reference, type Replaceable, replaceReferences } from "./references.ts"

/** A reference in a template, and how it stands there. */
export interface TemplateReference {
  readonly reference: Reference
  /** The field it is in, such as `args[1]`, `env HOME` or `image`. */
  readonly where: string
  /** It is replaced here, the field takes none (`fixed`), or its word is refused. */
  readonly place: "replaced" | "fixed" | Refusal
  /** The variable by which it comes into a refused word: Kubernetes replaces `$(NAME)` before the program starts. */
  readonly variable?: string
}

/** Every reference in a stage's template. */
export function referencesIn(spec: StageSpec): readonly TemplateReference[] {
  const { spec: read, own, helpers, initContainers } = readStage(spec)
  const { command, args, env, params: _, ...rest } = read
  return [
    ...inContainer({
      command: command ?? own?.command,
      args: args ?? own?.args,
      env: [...(env ?? []), ...(own?.env ?? [])] as readonly EnvVar[],
    }),
    ...[...helpers, ...initContainers].flatMap(inContainer),
    ...inFixed({ ...rest, jobTemplate: undefined }),
    ...inFixed(withoutReplaced(read.jobTemplate)),
  ]
}

/** The template with its references replaced. The kubelet gets each value as it is: `$(VAR)` in a value expands to nothing. */
export function replaceInTemplate(written: StageSpec, resolve: (reference: Replaceable) => string): StageSpec {
  const { spec } = readStage(written)
  const replace = (text: string) => replaceReferences(text, (reference) => resolve(reference).replaceAll("$", "$$$$"))
  const inEnv = (env: readonly EnvVar[]) =>
    env.map((variable) => (variable.value === undefined ? variable : { ...variable, value: replace(variable.value) }))
  const replaced = <C extends Partial<Container>>(container: C): C => ({
    ...container,
    ...(container.command && { command: container.command.map(replace) }),
    ...(container.args && { args: container.args.map(replace) }),
    ...(container.env && { env: inEnv(container.env) }),
  })
  const short = replaced(spec as Partial<Container>) as StageSpec
  const pod = spec.jobTemplate?.spec?.template?.spec
  if (pod === undefined) return short
  const lists = Object.fromEntries(
    (["containers", "initContainers"] as const)
      .filter((field) => pod[field] !== undefined)
      .map((field) => [field, containersOf(pod, field).map(replaced)]),
  )
  const { jobTemplate } = spec
  const template = { ...jobTemplate!.spec!.template, spec: { ...pod, ...lists } }
  return { ...short, jobTemplate: { ...jobTemplate, spec: { ...jobTemplate!.spec, template } } } as StageSpec
}

interface Texts {
  readonly command?: readonly string[] | undefined
  readonly args?: readonly string[] | undefined
  readonly env?: readonly EnvVar[] | undefined
}

function inContainer({ command = [], args = [], env = [] }: Texts): readonly TemplateReference[] {
  const texts = [...command, ...args]
  const words = texts.map(expanderFor(env))
  const refused = refusedWords(words, command.length)
  const inWords = texts.flatMap((text, index) => {
    const where = index < command.length ? `command[${index}]` : `args[${index - command.length}]`
    const place = refused.get(index)
    if (place === undefined) return found(text, where, "replaced")
    const { variable } = words[index]!
    const byVariable = variable && { reference: variable.reference, where, place, variable: variable.name }
    return [...found(text, where, place), ...(byVariable === undefined ? [] : [byVariable])]
  })
  return [...inWords, ...env.flatMap(({ name, value }) => found(value ?? "", `env ${name}`, "replaced"))]
}

const found = (text: string, where: string, place: TemplateReference["place"]) =>
  findReferences(text).map((reference) => ({ reference, where, place }))

/** A value of more levels than this is refused elsewhere; it could have more than a stack. */
const mostLevels = 200

/** The references in every text of a value, wherever it is. */
function inFixed(value: unknown, where = "", level = 0): readonly TemplateReference[] {
  if (typeof value === "string") return found(value, where, "fixed")
  if (typeof value !== "object" || value === null || level > mostLevels) return []
  const at = (key: string) => (Array.isArray(value) ? `${where}[${key}]` : where === "" ? key : `${where}.${key}`)
  return Object.entries(value).flatMap(([key, part]) => inFixed(part, at(key), level + 1))
}

/** A Job template without the texts that are replaced. */
function withoutReplaced(template: StageSpec["jobTemplate"]): unknown {
  const pod = template?.spec?.template?.spec
  if (pod === undefined) return template
  const bare = (field: "containers" | "initContainers") =>
    containersOf(pod, field).map(({ command: _c, args: _a, env = [], ...rest }) => ({
      ...rest,
      env: env.map(({ value: _v, ...variable }) => variable),
    }))
  return {
    ...template,
    spec: {
      ...template!.spec,
      template: {
        ...template!.spec!.template,
        spec: { ...pod, containers: bare("containers"), initContainers: bare("initContainers") },
      },
    },
  }
}

function containersOf(pod: unknown, field: "containers" | "initContainers"): readonly Container[] {
  const list = (pod as Record<string, unknown> | undefined)?.[field]
  return Array.isArray(list) ? (list as Container[]) : []
}
