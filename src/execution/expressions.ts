// CEL, by a library. Nothing imports this statically but its test: loading it takes some 25 ms of CPU, which a cold
// start must not pay for.

import { type ASTNode, Environment } from "@marcbachmann/cel-js"
import type { Expressions } from "./rules/when.ts"

const environment = new Environment({ limits: { maxAstNodes: 500, maxDepth: 50 } })
  .registerVariable("params", "map<string, string>")
  .registerVariable("stages", "map<string, dyn>")
  .registerVariable("execution", "map<string, string>")

export const expressions: Expressions = {
  findProblem: (expression) => {
    try {
      const { valid, type, error } = environment.check(expression)
      if (!valid) return firstLine(error)
      if (type !== "bool" && type !== "dyn") return `it is of type ${type}, not bool`
      return findCost(environment.parse(expression).ast)
    } catch (error) {
      return firstLine(error)
    }
  },
  evaluate: (expression, scope) => {
    let value: unknown
    try {
      const parsed = environment.parse(expression)
      const cost = findCost(parsed.ast)
      if (cost !== undefined) throw new Error(cost)
      value = parsed({
        params: asMap(scope.params),
        stages: new Map(
          Object.entries(scope.stages).map(([name, stage]) => [
            name,
            asMap({ ...stage, outputs: asMap(stage.outputs) }),
          ]),
        ),
        execution: asMap(scope.execution),
      })
    } catch (error) {
      throw new Error(firstLine(error))
    }
    if (typeof value !== "boolean") throw new Error(`it is ${typeof value}, not true or false`)
    return value
  },
}

/** The library tells an object's type by its `constructor`, which a stage or an output may be named. */
const asMap = (values: Readonly<Record<string, unknown>>) => new Map(Object.entries(values))

/** What goes through a list or repeats a value. Two inside one another take the square of the time, ten take forever. */
const loops = new Set(["all", "exists", "exists_one", "map", "filter", "bind"])
/** Each may double a list. */
const maxLoops = 3
/** A pattern can take exponential time in the library's engine; the others make lists and texts of any length. */
const costly = new Set(["matches", "split", "join"])

/** Why evaluating an expression could take longer than everybody else can wait, if it could. */
function findCost(ast: ASTNode): string | undefined {
  let count = 0
  return visit(ast, undefined)

  function visit(node: unknown, around: string | undefined): string | undefined {
    if (Array.isArray(node)) return firstOf(node, around)
    if (!isNode(node)) return undefined
    if (node.op !== "rcall") return firstOf(node.args, around)
    const [name, receiver, args] = node.args
    if (costly.has(name))
      return `${name}() is not available; compare with ==, in, contains(), startsWith() or endsWith()`
    if (!loops.has(name)) return firstOf([receiver, args], around)
    if (around !== undefined) return `${name}() stands inside ${around}(), which could take too long`
    if (++count > maxLoops) return `it has more than ${maxLoops} of ${[...loops].join(", ")}, which could take too long`
    return visit(receiver, around) ?? firstOf(args, name)
  }

  function firstOf(nodes: unknown, around: string | undefined): string | undefined {
    for (const node of Array.isArray(nodes) ? nodes : [nodes]) {
      const problem = visit(node, around)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

const isNode = (value: unknown): value is ASTNode => typeof value === "object" && value !== null && "op" in value

/** The library draws the place below its message. */
function firstLine(error: unknown): string {
  const line = String((error as Error)?.message ?? error).split("\n")[0]!
  // It knows has() of plain names only, and a stage's may be any text.
  return line.startsWith("has()") ? `${line}; write "KEY" in stages["NAME"].outputs` : line
}
