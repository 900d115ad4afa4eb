// Reads a picture as a strict XML parser does, as far as Peanut writes XML; whatever else it meets is an error.

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' }

export function parseSvg(source: string): Element {
  const root: Element = { name: "", attributes: {}, children: [], text: "" }
  const open = [root]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them
  const outlawed = /[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(source)
  if (outlawed !== null) throw new Error(`a character that XML cannot hold at ${outlawed.index}`)
  for (let rest = source; rest !== ""; ) {
    const [token = ""] = /^(?:<\/[a-z]+>|<[a-z]+(?: [A-Za-z-]+(?::[a-z]+)?="[^"<>]*")*\/?>|[^<>]+)/.exec(rest) ?? []
    if (token === "") throw new Error(`not XML: ${rest.slice(0, 80)}`)
    rest = rest.slice(token.length)
    const element = open.at(-1)!
    if (token.startsWith("</")) {
      if (`</${element.name}>` !== token || element === root) throw new Error(`${token} ends ${element.name}`)
      open.pop()
    } else if (token.startsWith("<")) {
      const pairs = [...token.matchAll(/ ([A-Za-z:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, decoded(value!)])
      if (new Set(pairs.map(([name]) => name)).size !== pairs.length) throw new Error(`an attribute twice in ${token}`)
      const child = { name: /[a-z]+/.exec(token)![0], attributes: Object.fromEntries(pairs), children: [], text: "" }
      element.children.push(child)
      if (!token.endsWith("/>")) open.push(child)
    } else element.text += decoded(token)
  }
  if (open.length > 1 || root.children.length !== 1 || root.text.trim() !== "") throw new Error("not one whole element")
  return root.children[0]!
}

/** All elements within one, itself first. */
export function elementsOf(element: Element): readonly Element[] {
  return [element, ...element.children.flatMap(elementsOf)]
}

function decoded(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const sign = /^#\d+$/.test(name) ? String.fromCodePoint(Number(name.slice(1))) : entities[name]
    if (sign === undefined || !whole.endsWith(";")) throw new Error(`no entity: ${text.slice(0, 80)}`)
    return sign
  })
}
