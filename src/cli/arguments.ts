// What people type who have kubectl in their fingers, in the form that the parser of the command line knows.

/** Flags of the cluster that take a value; kubectl takes them before the command, too. */
const valueFlags = ["-n", "--namespace", "--context", "--kubeconfig"]

/** `-nweb` is `-n=web`, and what stands before the command comes after it. */
export function normalized(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--")
  const words = (end === -1 ? args : args.slice(0, end)).map(apart)
  const rest = end === -1 ? [] : args.slice(end)
  let first = 0
  while (first < words.length && valueFlags.includes(nameOf(words[first]!)))
    first += words[first]!.includes("=") ? 1 : 2
  const [command, ...others] = words.slice(first)
  return [...(command === undefined ? [] : [command]), ...others, ...words.slice(0, first), ...rest]
}

/** Short flags, the last of which has its value right behind it: `-ojson`, `-Aowide`. */
function apart(word: string): string {
  return word.replace(/^(-[Afwq]*[nopc])([^=].*)$/s, "$1=$2")
}

function nameOf(word: string): string {
  return word.split("=")[0]!
}
