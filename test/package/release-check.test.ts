// What may not be released: bases that somebody else can change, and versions that disagree.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { imagesOf, type ReleaseFiles, releaseProblems } from "../../scripts/release-check.ts"
import { root } from "../../scripts/shipped.ts"

const digest = `sha256:${"0123456789abcdef".repeat(4)}`
const read = (path: string) => readFileSync(join(root, path), "utf8")
const ready: ReleaseFiles = {
  packageJson: '{ "version": "1.2.3" }',
  packageLock: '{ "version": "1.2.3" }',
  changelog: "# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2030-01-31\n\n- More.\n",
  dockerfile: `ARG BASE=example.com/base@${digest}\nFROM $BASE\n`,
  kustomization: "images:\n  - name: a\n    newName: a\n    newTag: 1.2.3\n",
  install: "      containers:\n      - image: registry.invalid/peanut:1.2.3\n",
}

describe("a release", () => {
  it("is ready when its bases are digests and all versions agree", () => {
    expect(releaseProblems(ready)).toEqual([])
  })

  it.each([
    "base:1",
    "base",
    `base:1@${digest.slice(0, -1)}`,
    `base@${digest.toUpperCase()}`,
    `base@${digest}0`,
    `@${digest}`,
  ])("is not built on %s", (image) => {
    const problems = releaseProblems({ ...ready, dockerfile: `ARG BASE=${image}\nFROM ${"$"}{BASE} AS base\n` })
    expect(problems).toEqual([`Dockerfile: the image ${image} is not named by its digest (NAME@sha256:...)`])
  })

  it("may name a base by tag and digest", () => {
    expect(releaseProblems({ ...ready, dockerfile: `FROM base:1@${digest}` })).toEqual([])
  })

  it("is built on something", () => {
    expect(releaseProblems({ ...ready, dockerfile: "" })).toEqual(["Dockerfile: no base image was found"])
  })

  it.each([
    [{ packageLock: '{ "version": "1.2.2" }' }, "package-lock.json: the version is 1.2.2, package.json says 1.2.3"],
    [{ kustomization: "images: []" }, "knative/kustomization.yaml: the version is missing, package.json says 1.2.3"],
    [{ install: "  image: a/b:2" }, "install.yaml: the version is 2, package.json says 1.2.3"],
    [{ changelog: "## Unreleased\n" }, 'CHANGELOG.md: no heading "## 1.2.3 - YYYY-MM-DD"'],
    [{ changelog: "## 1x2x3 - 2030-01-31\n" }, 'CHANGELOG.md: no heading "## 1.2.3 - YYYY-MM-DD"'],
  ])("is not ready with %o", (changed, problem) => {
    expect(releaseProblems({ ...ready, ...changed })).toEqual([problem])
  })
})

describe("the images of a Dockerfile", () => {
  it.each([
    ["FROM a:1 AS x\nFROM X\nFROM scratch", ["a:1"]],
    ["FROM --platform=$BUILDPLATFORM a:1 as x\nfrom b", ["a:1", "b"]],
    ["FROM a\nCOPY --chown=1:1 --from=c:2 /x /y\nCOPY --from=0 /x /y", ["a", "c:2"]],
    ["FROM a\nRUN --mount=type=bind,from=d:3,target=/d true", ["a", "d:3"]],
    ["ARG N=a\nARG I=$N:1\nFROM \\\n  $I", ["$N:1"]],
    ["ARG UNSET\nFROM $UNSET", ["$UNSET"]],
  ])("%s", (dockerfile, images) => {
    expect(imagesOf(dockerfile)).toEqual(images)
  })

  it("are two in ours, both of which a build can set", () => {
    const dockerfile = read("Dockerfile")
    expect(imagesOf(dockerfile)).toHaveLength(2)
    for (const name of ["NODE_IMAGE", "RUNTIME_IMAGE"])
      expect(dockerfile).toMatch(new RegExp(`^ARG ${name}=\\S+$`, "m"))
  })
})

it("the tree agrees on its version; what a release still needs are digests, as docs/release.md says", () => {
  const problems = releaseProblems({
    packageJson: read("package.json"),
    packageLock: read("package-lock.json"),
    changelog: read("CHANGELOG.md"),
    dockerfile: read("Dockerfile"),
    kustomization: read("knative/kustomization.yaml"),
    install: read("install.yaml"),
  })
  expect(problems.filter((problem) => !problem.startsWith("Dockerfile: "))).toEqual([])
})
