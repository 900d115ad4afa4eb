// What `npm pack` makes: it installs into an empty folder without a network, and runs there.

import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import packageJson from "../../package.json" with { type: "json" }
import { root } from "../../scripts/shipped.ts"
import { documents, yaml } from "../cli/run-peanut.ts"

let folder: string
let packed: { readonly filename: string; readonly size: number; readonly files: readonly { readonly path: string }[] }
const home = () => join(folder, "empty")
const installed = (path: string) => join(home(), "node_modules", packageJson.name, path)
/** Of the caller's environment, only where the Node.js is that runs this. */
const env = () => ({
  PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
  HOME: home(),
  npm_config_cache: join(folder, "cache"),
})
const run = (program: string, args: readonly string[], input = "") =>
  execFileSync(program, args, { cwd: home(), env: env(), encoding: "utf8", input, stdio: "pipe" })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "peanut-package-"))
  mkdirSync(home())
  // test/build.ts has built it; `prepare` would build it again, under the other tests.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder]
  const answer = JSON.parse(
    execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
  )
  packed = Object.values(answer as Record<string, typeof packed>)[0]!
  writeFileSync(join(home(), "package.json"), '{ "name": "somebody-elses", "version": "1.0.0", "private": true }')
  const install = ["install", "--offline", "--no-audit", "--no-fund", join(folder, packed.filename)]
  execFileSync("npm", install, { cwd: home(), env: env(), stdio: ["ignore", "pipe", "pipe"] })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the package", () => {
  it("holds the command line, its licences, its bill of materials, and nothing else", () => {
    expect(packed.files.map(({ path }) => path).toSorted()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/peanut-main.js",
      "dist/peanut.THIRD-PARTY-NOTICES.txt",
      "dist/peanut.cdx.json",
      "dist/peanut.js",
      "package.json",
    ])
    expect(packed.size).toBeLessThan(2_000_000)
  })

  it("brings no other package along, and runs no script", () => {
    expect(readdirSync(join(home(), "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "@peanut-pipelines",
    ])
    const manifest = JSON.parse(readFileSync(installed("package.json"), "utf8"))
    expect(manifest).not.toHaveProperty("dependencies")
    for (const name of ["preinstall", "install", "postinstall"]) expect(manifest.scripts).not.toHaveProperty(name)
  })

  it("may be published: under a scope, to everybody, and it says where it comes from", () => {
    expect(packageJson).not.toHaveProperty("private")
    expect(packageJson).toMatchObject({
      name: expect.stringMatching(/^@[a-z-]+\/peanut$/),
      publishConfig: { access: "public" },
      repository: { type: "git", url: expect.stringMatching(/^git\+https:/) },
    })
  })

  it("opens nothing of its inside to imports", () => {
    const tried = (path: string) => {
      const code = `import("${path}").then(() => console.log("open"), (error) => console.log(error.code))`
      return run(process.execPath, ["--input-type=module", "-e", code]).trim()
    }
    expect(tried(`${packageJson.name}/dist/peanut-main.js`)).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED")
    expect(tried(packageJson.name)).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED")
    for (const path of Object.values(packageJson.exports)) expect(existsSync(installed(path))).toBe(true)
  })
})

describe("installed into an empty folder", () => {
  it.each(Object.keys(packageJson.bin))("%s says its version", (name) => {
    expect(run(join(home(), "node_modules/.bin", name), ["--version"])).toContain(`v${packageJson.version}`)
  })

  it("plays a pipeline", () => {
    const input = yaml(documents({ first: { sh: "echo one" }, second: { sh: "echo two", after: ["first"] } }))
    const answer = run(join(home(), "node_modules/.bin/peanut"), ["run", "-", "-o", "json"], input)
    expect(JSON.parse(answer).status.phase).toBe("Succeeded")
  })

  it("is what npx runs under the scoped name", () => {
    expect(run("npx", ["--no-install", packageJson.name, "--version"])).toContain(`v${packageJson.version}`)
  })
})
