// Keeps the arrows between the parts of the source one-way, and its habits the same everywhere.

import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../src/", import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))

/** What a file imports: packages by name, files of the source by their path in it. */
function importsOf({ path, text }: { readonly path: string; readonly text: string }): readonly string[] {
  const from =
    /^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm
  return [...text.matchAll(from)].map(([, named, bare, dynamic]) => {
    const specifier = named ?? bare ?? dynamic ?? ""
    return specifier.startsWith(".") ? relative(root, join(root, dirname(path), specifier)) : specifier
  })
}

const imports = files.flatMap((file) => importsOf(file).map((specifier) => ({ path: file.path, specifier })))
const told = ({ path, specifier }: { path: string; specifier: string }) => `${path} imports ${specifier}`
const isOwn = (specifier: string) => specifier.endsWith(".ts")
const startsWithAny = (text: string, prefixes: readonly string[]) => prefixes.some((prefix) => text.startsWith(prefix))

describe("the source", () => {
  it("is found, with what it imports", () => {
    expect(files.length).toBeGreaterThan(25)
    expect(imports.length).toBeGreaterThan(files.length)
    expect(imports.map(told)).toContain("execution/place.ts imports resources/job.ts")
    expect(imports.map(told)).toContain("cluster.ts imports effect/Effect")
  })

  it("reads imports in every form that TypeScript has", () => {
    const text = [
      'import a from "x1"',
      'import type { B } from "x2"',
      'import {\n  c,\n  type D,\n} from "x3"',
      'export * from "x4"',
      'export { e } from "./e.ts"',
      'import "x5"',
      'const f = await import("x6")',
      'import * as g from "../api/g.ts"',
    ].join("\n")
    expect(importsOf({ path: "events/file.ts", text })).toEqual([
      "x1",
      "x2",
      "x3",
      "x4",
      "events/e.ts",
      "x5",
      "x6",
      "api/g.ts",
    ])
  })
})

// What each part may import, also for types alone: the parts named here, and what these may import in turn.
const arrows = {
  words: [],
  api: [],
  graph: ["words"],
  resources: ["api"],
  execution: ["api", "resources", "graph", "words"],
  drawing: ["api", "graph", "words"],
  events: ["execution", "api"],
  manifests: ["api", "execution", "words"],
  metrics: [],
  "shared-work": [],
  settings: ["api"],
  "event-sink": ["events", "metrics"],
  "schedule-sink": ["resources", "settings"],
  cluster: ["execution", "events", "metrics", "shared-work"],
  controller: ["cluster", "events", "execution", "event-sink", "schedule-sink", "metrics", "shared-work"],
  client: ["cluster", "api"],
  server: ["controller", "settings"],
  cli: ["controller", "client", "drawing", "manifests"],
  main: ["server"],
} as const satisfies Readonly<Record<string, readonly string[]>>
type Part = keyof typeof arrows

/** Where an arrow is violated until the next change. */
const exceptions: readonly string[] = []

/** A folder of the source, or a file beside the folders. */
const partOf = (path: string) => path.replace(/(\/.*|\.ts)$/s, "") as Part

/** A part itself, and all that can be reached from it. */
function reachedFrom(part: Part): ReadonlySet<string> {
  const reached = new Set<Part>([part])
  // The set grows while it is walked: what is added is visited too.
  for (const each of reached) for (const next of arrows[each]) reached.add(next)
  return reached
}

describe("the parts", () => {
  it("are the folders of the source, and the files beside them", () => {
    expect([...new Set(files.map(({ path }) => partOf(path)))].toSorted()).toEqual(Object.keys(arrows).toSorted())
  })

  it("stand in the table of ARCHITECTURE.md with the same arrows", () => {
    const document = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8")
    const words = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word)
    const rows = [...document.matchAll(/^\| (`src\/[^|]*) \| .* \| ([^|]*) \|$/gm)].map(
      ([, paths, targets]) => [words(paths).map((path) => partOf(path.slice("src/".length))), words(targets)] as const,
    )
    const table = rows.flatMap(([those, targets]) =>
      [...new Set(those)].map((part) => [part, targets.toSorted()] as const),
    )
    expect(new Set(table.map(([part]) => part)).size).toBe(table.length)
    const wanted = Object.entries(arrows).map(([part, targets]) => [part, [...targets].toSorted()])
    expect(Object.fromEntries(table)).toEqual(Object.fromEntries(wanted))
  })

  it("import in no circle", () => {
    const circles = Object.entries(arrows).filter(([part, targets]) =>
      targets.some((target) => reachedFrom(target).has(part)),
    )
    expect(circles.map(([part]) => part)).toEqual([])
  })

  it.each(Object.keys(arrows) as Part[])("import along the arrows: src/%s", (part) => {
    const allowed = reachedFrom(part)
    const others = imports.filter(
      ({ path, specifier }) => partOf(path) === part && isOwn(specifier) && !allowed.has(partOf(specifier)),
    )
    expect(others.map(told)).toEqual(exceptions.filter((exception) => partOf(exception.split(" ")[0]!) === part))
  })

  // What the others import is a question of weight; these must stay free of effects, and words, graphs and drawings must
  // run in a browser.
  const packages: Partial<Record<Part, readonly string[]>> = {
    words: ["fastest-levenshtein"],
    api: ["zod"],
    graph: [],
    resources: ["zod", "node:crypto", "node:util"],
    execution: ["zod", "node:crypto", "@marcbachmann/cel-js"],
    drawing: [],
  }

  it.each(Object.entries(packages))("import few packages: src/%s", (part, allowed) => {
    const others = imports.filter(
      ({ path, specifier }) => partOf(path) === part && !isOwn(specifier) && !allowed.includes(specifier),
    )
    expect(others.map(told)).toEqual([])
  })
})

describe("the arrows", () => {
  it("from the target of an event lead to no package but zod and the types of CloudEvents", () => {
    const packages = imports.filter(({ path, specifier }) => path === "events/target.ts" && !isOwn(specifier))
    expect(packages.map(({ specifier }) => specifier).filter((name) => !["zod", "cloudevents"].includes(name))).toEqual(
      [],
    )
  })

  it("to the Kubernetes client come only from src/cluster/kubernetes", () => {
    const strangers = imports.filter(
      ({ path, specifier }) =>
        specifier.startsWith("@kubernetes/client-node") && !path.startsWith("cluster/kubernetes"),
    )
    expect(strangers.map(told)).toEqual([])
  })

  it("from the controller know no layer of the cluster", () => {
    const layers = imports.filter(
      ({ path, specifier }) =>
        path.startsWith("controller/") &&
        startsWithAny(specifier, ["cluster/", "server/", "cli/", "@kubernetes", "node:"]),
    )
    // isDeepStrictEqual tells whether there is anything to write.
    expect(layers.map(told).filter((text) => !text.endsWith(" node:util"))).toEqual([])
  })

  it("to CEL lead through one import that waits until a pipeline needs it", () => {
    const importers = imports.filter(
      ({ path, specifier }) => /cel-js|n\/expressions/.test(specifier) && !/^(cli|manifests)/.test(path),
    )
    expect(importers.map(told).toSorted()).toEqual([
      "controller/expressions.ts imports execution/expressions.ts",
      "execution/expressions.ts imports @marcbachmann/cel-js",
    ])
    const { text = "" } = files.find(({ path }) => path === "controller/expressions.ts") ?? {}
    expect(text).toMatch(/^ +Effect\.promise\(\(\) => import\("\.\.\/execution\/expressions\.ts"\)\)/m)
  })

  it("between files go round in no circle, also for types alone", () => {
    const left = new Map(files.map((file) => [file.path, importsOf(file).filter(isOwn)]))
    // What imports none of the files left, or is imported by none of them, is on no circle.
    for (let size = -1; size !== left.size; ) {
      size = left.size
      for (const [path, targets] of left) if (!targets.some((target) => left.has(target))) left.delete(path)
      const imported = new Set([...left.values()].flat())
      for (const path of left.keys()) if (!imported.has(path)) left.delete(path)
    }
    expect([...left.keys()]).toEqual([])
  })
})

describe("the command line and its client", () => {
  it("tell errors apart by their tags and fields, never by their texts", () => {
    const matching =
      /\bmessage\)?\??\.(?:startsWith|endsWith|includes|indexOf|match|search|replace|split)\b|\.(?:test|exec)\([^()]*\bmessage\b|\b_tag\?: string/
    const those = files.filter(({ path, text }) => /^(?:cli|client)\//.test(path) && matching.test(text))
    expect(those.map(({ path }) => path)).toEqual([])
  })

  it("write through one writer alone, which takes out what a terminal obeys", () => {
    const writing = /\bconsole\.\w|\bprocess\.std(?:out|err)\b|\.write\(|\bnode:console\b/
    const those = files.filter(
      ({ path, text }) => /^(?:cli|client|manifests|drawing|words)\//.test(path) && writing.test(text),
    )
    // The launcher imports nothing, and what it writes holds the version and the path of Node.js alone.
    expect(those.map(({ path }) => path).toSorted()).toEqual(["cli/launch.ts", "cli/writer.ts"])
  })
})

describe("every file", () => {
  const those = (is: (file: (typeof files)[number]) => boolean) => files.filter(is).map(({ path }) => path)

  it("imports Effect and its platform by subpath: a barrel costs every cold start", () => {
    const barrels = imports.filter(({ specifier }) => ["effect", "@effect/platform-node"].includes(specifier))
    expect(barrels.map(told)).toEqual([])
  })

  it("imports files of the source that are there", () => {
    const paths = new Set(files.map(({ path }) => path))
    expect(imports.filter(({ specifier }) => isOwn(specifier) && !paths.has(specifier)).map(told)).toEqual([])
  })

  const isSilent = ({ text }: { readonly text: string }) => !/^(#!.*\n)?(\/\/ \S|\/\*\*)/.test(text)

  it("opens with a comment about what it is", () => {
    expect(those(isSilent)).toEqual([])
  })

  it("has a name in kebab-case", () => {
    expect(those(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/.test(basename(path)))).toEqual([])
    expect(those(({ path }) => !/^[a-z0-9-]*$/.test(dirname(path).replaceAll("/", "").replace(".", "")))).toEqual([])
  })

  it("leaves nothing to do", () => {
    expect(those(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text))).toEqual([])
  })
})
