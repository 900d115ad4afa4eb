// What a container of the stub kubelet would do, read from its command without running it: how long, with what exit
// code, and what it leaves in its termination message. Just enough of a shell for the stages that tests write.
import type { V1Container } from "@kubernetes/client-node"
import { expandAsKubelet } from "./expansion.ts"

export interface Outcome {
  readonly seconds: number
  readonly exitCode: number
  /** The termination message, where Peanut's stages write their outputs. */
  readonly message: string
  /** Runs until released: the command `hold`. */
  readonly isHeld: boolean
}

/** Programs it does not know, such as an image's own, succeed at once. */
export function readScript(container: V1Container, env: ReadonlyMap<string, string>): Outcome {
  const words = [...(container.command ?? []), ...(container.args ?? [])].map((word) => expandAsKubelet(word, env))
  const [program = "", option = "", script = ""] = words
  const isShell = /^(.*\/)?(ba|da|a)?sh$/.test(program) && /^-[a-z]*c$/.test(option)
  const statements = isShell ? shellStatements(script, env) : [{ words, isGuarded: false }]
  const machine = { seconds: 0, exitCode: 0, message: "", isHeld: false }
  for (const { words, isGuarded } of statements) {
    if (isGuarded && machine.exitCode !== 0) continue
    if (words[0] === "exit") {
      machine.exitCode = Number(words[1] ?? machine.exitCode)
      break
    }
    step(machine, words, container.terminationMessagePath ?? "/dev/termination-log")
  }
  return machine
}

type Machine = { -readonly [Key in keyof Outcome]: Outcome[Key] }

function step(machine: Machine, words: readonly string[], messagePath: string): void {
  const redirection = words.findIndex((word) => word === ">" || word === ">>")
  const [program, ...args] = redirection < 0 ? words : words.slice(0, redirection)
  machine.exitCode = program === "false" ? 1 : 0
  if (program === "sleep") machine.seconds += Number.parseFloat(args[0] ?? "0")
  if (program === "hold") machine.isHeld = true
  if (redirection < 0 || words[redirection + 1] !== messagePath) return
  const text = program === "printf" ? (args[0] ?? "").replaceAll("\\n", "\n") : `${args.join(" ")}\n`
  machine.message = words[redirection] === ">" ? text : machine.message + text
}

interface Statement {
  readonly words: readonly string[]
  /** After `&&`: not run once something failed. */
  readonly isGuarded: boolean
}

/** Splits at `;`, `&&` and line ends outside quotes, and each statement into words. */
function shellStatements(script: string, env: ReadonlyMap<string, string>): readonly Statement[] {
  const tokens = script.match(/&&|;|\n|>>|>|(?:'[^']*'|"[^"]*"|[^\s;>&'"])+/g) ?? []
  const statements: { words: string[]; isGuarded: boolean }[] = [{ words: [], isGuarded: false }]
  for (const token of tokens) {
    if (token === "&&" || token === ";" || token === "\n") statements.push({ words: [], isGuarded: token === "&&" })
    else statements.at(-1)!.words.push(unquote(token, env))
  }
  return statements.filter(({ words }) => words.length > 0)
}

function unquote(token: string, env: ReadonlyMap<string, string>): string {
  return token.replace(/'([^']*)'|"([^"]*)"|[^'"]+/g, (part, single?: string, double?: string) =>
    single === undefined ? shellVariables(double ?? part, env) : single,
  )
}

function shellVariables(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced?: string, bare?: string) => env.get(braced ?? bare ?? "") ?? "",
  )
}
