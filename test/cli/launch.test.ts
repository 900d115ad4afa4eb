// On a Node.js that is too old, `peanut` says which it needs, and nothing else.

import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import packageJson from "../../package.json" with { type: "json" }
import { root } from "./run-peanut.ts"

const launcher = join(root, "dist/peanut.js")

/** `peanut --version` on this Node.js, which says that it is another. */
function startedOn(version: string) {
  const pretence = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`
  const args = ["--import", `data:text/javascript,${encodeURIComponent(pretence)}`, launcher, "--version"]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
  return { status, stdout, stderr }
}

describe("peanut", () => {
  it.each(["0.12.18", "12.22.0", "18.20.8", "20.20.2", "21.9.0", "22.0.0", "22.18.9"])(
    "needs more than %s",
    (version) => {
      expect(startedOn(version)).toEqual({
        status: 2,
        stdout: "",
        stderr: `error: peanut needs Node.js 22.19 or later; this is ${version} (${process.execPath})\n`,
      })
    },
  )

  it.each(["22.19.0", "22.20.1", "23.0.0", "24.0.0", "100.0.0"])("starts on %s", (version) => {
    expect(startedOn(version)).toEqual({ status: 0, stdout: `peanut v${packageJson.version}\n`, stderr: "" })
  })

  // What the system has is often older than what npm brings.
  const old = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
    if (!existsSync(path)) return false
    const [major = 0, minor = 0] = execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" })
      .split(".")
      .map(Number)
    return major < 22 || (major === 22 && minor < 19)
  })
  it.skipIf(old === undefined)("says so on the older Node.js of this machine", () => {
    const { status, stdout, stderr } = spawnSync(old!, [launcher, "run", "config/samples"], {
      encoding: "utf8",
      cwd: root,
    })
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" })
    expect(stderr).toMatch(/^error: peanut needs Node\.js 22\.19 or later; this is \d+\.\d+\.\d+ \(\/usr\S*\/node\)\n$/)
  })

  it("reads nothing before it knows: the launcher has no import but the one of the program", () => {
    const text = readFileSync(launcher, "utf8")
    expect(text.match(/\b(?:import|require)\b[^;]*/g)).toEqual(['import("./peanut-main.js")'])
    expect(text.length).toBeLessThan(1000)
  })
})

describe("the Node.js that is needed", () => {
  const read = (path: string) => readFileSync(join(root, path), "utf8")
  const needed = packageJson.engines.node.replace(">=", "")

  it.each(["README.md", "docs/cli.md", "docs/release.md", "CONTRIBUTING.md"])(
    "is the same in %s as in package.json",
    (path) => {
      const told = [...read(path).matchAll(/Node\.js (\d+(?:\.\d+)?) or later/g)].map(([, version]) => version)
      expect(new Set(told)).toEqual(new Set([needed]))
    },
  )

  it("is the same in the launcher, and none of the packages that ship needs more", () => {
    expect(read("src/cli/launch.ts")).toContain(`const needed = "${needed}"`)
    const { components } = JSON.parse(read("dist/peanut.cdx.json")) as {
      components: { group?: string; name: string }[]
    }
    const minimums = components.map(({ group, name }) => {
      const { engines } = JSON.parse(read(`node_modules/${group ? `${group}/` : ""}${name}/package.json`))
      return { name, ...leastOf(engines?.node ?? ">=0") }
    })
    const [major = 0, minor = 0] = needed.split(".").map(Number)
    expect(minimums.filter((least) => least.major > major || (least.major === major && least.minor > minor))).toEqual(
      [],
    )
  })
})

/** The lowest version that a range of engines names. */
function leastOf(range: string): { readonly major: number; readonly minor: number } {
  const versions = [...range.matchAll(/(?<=^|[\s|^~=>])(\d+)(?:\.(\d+))?/g)]
  const [least = { major: 0, minor: 0 }] = versions
    .map(([, major, minor = "0"]) => ({ major: Number(major), minor: Number(minor) }))
    .toSorted((a, b) => a.major - b.major || a.minor - b.minor)
  return least
}
