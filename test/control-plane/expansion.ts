// What a kubelet makes of `$(NAME)` in a command, an argument or a variable's value. Read letter by letter, and so unlike
// the product, which is held to it.

/** Replaces what it knows; `$$` stands for `$`, and all else stays as it is. */
export function expandAsKubelet(text: string, env: ReadonlyMap<string, string>): string {
  let expanded = ""
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1]
    if (text[at] !== "$" || next === undefined) {
      expanded += text[at]
    } else if (next === "$") {
      expanded += "$"
      at++
    } else if (next !== "(") {
      // What follows is passed over with the dollar: it begins nothing either.
      expanded += `$${next}`
      at++
    } else {
      const close = text.indexOf(")", at + 2)
      const name = text.slice(at + 2, close)
      if (close < 0) {
        expanded += "$("
        at++
      } else {
        expanded += env.get(name) ?? `$(${name})`
        at = close
      }
    }
  }
  return expanded
}
