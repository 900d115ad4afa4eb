// From the paths on the command line to the texts to read.

import { readdir, readFile, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { getSystemErrorMessage } from "node:util"
import { didYouMean } from "../words/nearest-name.ts"
import type { Problem } from "./problem.ts"

export interface Source {
  readonly file: string
  readonly text: string
}

const stdin = "<stdin>"

/** The texts of these files, of the manifests in these directories, and of standard input for `-`; each once. */
export async function readSources(
  paths: readonly string[],
  readStdin: () => Promise<string>,
): Promise<{ sources: readonly Source[]; problems: readonly Problem[] }> {
  const sources: Source[] = []
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const path of paths) {
    const files = path === "-" ? [stdin] : await filesOf(path)
    if (!Array.isArray(files)) {
      problems.push(files)
      continue
    }
    for (const file of files) {
      const identity = path === "-" ? stdin : resolve(file)
      if (seen.has(identity)) continue
      seen.add(identity)
      const text = path === "-" ? withoutMark(await readStdin()) : await readText(file)
      if (typeof text === "string") sources.push({ file, text })
      else problems.push(text)
    }
  }
  return { sources, problems }
}

/** How a path is called in messages. */
export function pathName(path: string): string {
  return path === "-" ? stdin : path
}

async function filesOf(path: string): Promise<string[] | Problem> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const files: string[] = []
    for (const name of (await readdir(path)).toSorted()) {
      if (isManifest(name) && (await stat(join(path, name))).isFile()) files.push(join(path, name))
    }
    if (files.length > 0) return files
    return { file: path, message: "is a directory without .yaml, .yml or .json files; give the one that has them" }
  } catch (error) {
    return unreadable(path, error)
  }
}

/** A kustomization lists manifests and is none; folders of samples often have one beside them. */
function isManifest(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name) && !/^kustomization\.ya?ml$/i.test(name)
}

async function readText(file: string): Promise<string | Problem> {
  try {
    const bytes = await readFile(file)
    if (bytes.includes(0)) return { file, message: "is not a text file; give YAML or JSON" }
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return { file, message: "is not text in UTF-8; save it as UTF-8" }
    return unreadable(file, error)
  }
}

async function unreadable(path: string, error: unknown): Promise<Problem> {
  const { code, errno, path: culprit = path } = error as NodeJS.ErrnoException
  if (code !== "ENOENT" || culprit !== path) {
    const reason = errno === undefined ? String(error) : getSystemErrorMessage(errno)
    return { file: culprit, message: `cannot be read: ${reason}` }
  }
  const siblings = await readdir(dirname(path)).catch(() => [])
  return { file: path, message: `there is no such file or directory${didYouMean(basename(path), siblings)}` }
}

/** Without the byte order mark that some editors write first. */
function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text
}
