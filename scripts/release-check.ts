// npm run release:check: whether this tree may be released. It prints what is in the way, and exits with 1 if anything is.
// `npm publish` runs it, and docs/release.md says when else.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./shipped.ts"

/** The files that a release is made of, as texts. */
export interface ReleaseFiles {
  readonly packageJson: string
  readonly packageLock: string
  readonly changelog: string
  readonly dockerfile: string
  readonly kustomization: string
  readonly install: string
}

/** What is in the way of a release, a line each. */
export function releaseProblems(files: ReleaseFiles): readonly string[] {
  const { version } = JSON.parse(files.packageJson) as { version: string }
  const bases = imagesOf(files.dockerfile)
  return [
    ...(bases.length === 0 ? ["Dockerfile: no base image was found"] : []),
    ...bases
      .filter((image) => !/^[^\s@]+@sha256:[0-9a-f]{64}$/.test(image))
      .map((image) => `Dockerfile: the image ${image} is not named by its digest (NAME@sha256:...)`),
    ...versionProblems(files, version),
  ]
}

/** The images of other people that a Dockerfile takes up: those of FROM and of COPY --from, with its own ARGs put in. */
export function imagesOf(dockerfile: string): readonly string[] {
  const values = new Map<string, string>()
  const stages = new Set(["scratch"])
  const images: string[] = []
  const take = (words: string) => {
    const image = words.replace(/\$\{?(\w+)\}?/g, (reference, name) => values.get(name) ?? reference)
    if (!stages.has(image.toLowerCase())) images.push(image)
  }
  for (const line of dockerfile.replaceAll("\\\n", " ").split("\n")) {
    const [, name, value] = /^\s*ARG\s+(\w+)=(\S+)/i.exec(line) ?? []
    if (name !== undefined && value !== undefined) values.set(name, value.replace(/^"(.*)"$/, "$1"))
    const [, from, stage] = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? []
    if (from !== undefined) take(from)
    if (stage !== undefined) stages.add(stage.toLowerCase())
    const [, copied] = /^\s*(?:COPY|ADD|RUN)\s.*?(?:--from=|[,=]from=)([^\s,]+)/i.exec(line) ?? []
    if (copied !== undefined && !/^\d+$/.test(copied)) take(copied)
  }
  return images
}

function versionProblems({ packageLock, changelog, kustomization, install }: ReleaseFiles, version: string) {
  const lock = JSON.parse(packageLock) as { version: string }
  const [, tag] = /^ +newTag: "?([^"\s]+)"?$/m.exec(kustomization) ?? []
  const [, installed] = /^ +(?:- )?image: \S+:([^\s:]+)$/m.exec(install) ?? []
  const found = { "package-lock.json": lock.version, "knative/kustomization.yaml": tag, "install.yaml": installed }
  const others = Object.entries(found).filter(([, other]) => other !== version)
  const heading = new RegExp(`^## ${version.replaceAll(".", "\\.")} - \\d{4}-\\d\\d-\\d\\d$`, "m")
  return [
    ...others.map(([file, other]) => `${file}: the version is ${other ?? "missing"}, package.json says ${version}`),
    ...(heading.test(changelog) ? [] : [`CHANGELOG.md: no heading "## ${version} - YYYY-MM-DD"`]),
  ]
}

if (import.meta.main) {
  const read = (path: string) => readFileSync(join(root, path), "utf8")
  const problems = releaseProblems({
    packageJson: read("package.json"),
    packageLock: read("package-lock.json"),
    changelog: read("CHANGELOG.md"),
    dockerfile: read("Dockerfile"),
    kustomization: read("knative/kustomization.yaml"),
    install: read("install.yaml"),
  })
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log("ready for a release")
}
