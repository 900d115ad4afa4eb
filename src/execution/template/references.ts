// References in the text of a stage or a pipeline: $(params.NAME), $(stages['NAME'].outputs.KEY), $(execution.name).
// They are found and replaced in one pass; what is put in their place is never looked at again.

export type Reference =
  | { readonly kind: "param"; readonly name: string; readonly text: string }
  | { readonly kind: "output"; readonly stage: string; readonly key: string; readonly text: string }
  | { readonly kind: "execution"; readonly field: string; readonly text: string }
  /** It begins like a reference, but is none. */
  | { readonly kind: "malformed"; readonly text: string }

/** A reference that stands for something. */
export type Replaceable = Exclude<Reference, { readonly kind: "malformed" }>

/** `$$` is Kubernetes' way to write a `$` that begins nothing; it is stepped over. */
const pattern =
  /\$\$|\$\(params\.(?<param>[A-Za-z_][\w-]*)\)|\$\(stages\[(?:'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)")\]\.outputs\.(?<key>[A-Za-z_][\w.-]*)\)|\$\(execution\.(?<field>[A-Za-z]+)\)|\$\((?:params|stages|execution)(?![\w-])(?:[.[][^)]*)?\)?/gs

/** The references in a text, in order. */
export function findReferences(text: string): readonly Reference[] {
  // Kubernetes reads $( to the next ), so a value inside would choose which variable is put there.
  let isInside = false
  let end = 0
  return [...text.matchAll(pattern)].flatMap((match) => {
    const between = text.slice(end, match.index)
    const [open, close] = [between.lastIndexOf("$("), between.lastIndexOf(")")]
    if (open !== close) isInside = open > close
    end = match.index + match[0].length
    const reference = referenceOf(match[0], match.groups ?? {})
    if (reference === undefined) return []
    return isInside ? { kind: "malformed", text: `$(…${match[0]}` } : reference
  })
}

/** The text with each reference replaced by what it stands for; a malformed one stays as it is. */
export function replaceReferences(text: string, resolve: (reference: Replaceable) => string): string {
  return text.replace(pattern, (found: string, ...rest: unknown[]) => {
    const reference = referenceOf(found, rest.at(-1) as Groups)
    return reference === undefined || reference.kind === "malformed" ? found : resolve(reference)
  })
}

type Groups = Readonly<Record<string, string | undefined>>

function referenceOf(text: string, groups: Groups): Reference | undefined {
  if (text === "$$") return undefined
  const { param, single, double, key, field } = groups
  if (param !== undefined) return { kind: "param", name: param, text }
  if (key !== undefined) return { kind: "output", stage: unescaped((single ?? double)!), key, text }
  if (field !== undefined) return { kind: "execution", field, text }
  return { kind: "malformed", text }
}

const unescaped = (name: string) => name.replace(/\\(.)/gs, "$1")
