// A container as the command line of Docker or Podman: everything that a manifest says stands where it cannot be taken
// for an option, and no value of a variable stands there at all, where `ps` would show it.

import { isEnvName, isImage } from "../../api/image.ts"
import type { ResolvedContainer } from "./container.ts"

export interface EngineCommand {
  /** The words behind the engine's name. */
  readonly words: readonly string[]
  /** The text of the file for `--env-file`. */
  readonly envFile: string
  /** Variables that the engine's client is given itself, and reads by their names. */
  readonly env: Readonly<Record<string, string>>
}

/** What keeps a container from being handed to an engine. */
export interface NotRunnable {
  readonly refusal: string
}

/** `envFilePath` is where the text of the file will be. */
export function engineCommand(container: ResolvedContainer, envFilePath: string): EngineCommand | NotRunnable {
  const { name, image, command, args, env, message } = container
  const variables = Object.entries(env)
  const refusal = refusalOf(container)
  if (refusal !== undefined) return { refusal }
  const [entrypoint, ...rest] = command
  const inFile = variables.filter(([variable, value]) => fitsFile(variable, value))
  const byName = variables.filter(([variable, value]) => !fitsFile(variable, value))
  const words = [
    ["run", "--rm", "--init", "--name", name, "--label", "app.kubernetes.io/managed-by=peanut"],
    // Z is for systems with SELinux, where the container could not write to it otherwise; elsewhere it means nothing.
    ["--volume", `${message.file}:${message.path}:Z`],
    inFile.length > 0 ? ["--env-file", envFilePath] : [],
    byName.flatMap(([variable]) => ["--env", variable]),
    entrypoint === undefined ? [] : ["--entrypoint", entrypoint],
    // No option comes after this, whatever the words look like.
    ["--", image, ...rest, ...args],
  ].flat()
  const envFile = inFile.map(([variable, value]) => `${variable}=${value}\n`).join("")
  return { words, envFile, env: Object.fromEntries(byName) }
}

function refusalOf({ image, command, env, message }: ResolvedContainer): string | undefined {
  const mistakes = [
    imageMistake(image),
    messagePathMistake(message.path),
    // Podman takes it for a list of words, written as JSON.
    command[0]?.startsWith("[") ? "the first word of its command begins with [, which no engine can run" : undefined,
    ...Object.entries(env).map(([name, value]) => variableMistake(name, value)),
  ]
  return mistakes.find((mistake) => mistake !== undefined)
}

/** Why an engine cannot be told to run this image. */
export function imageMistake(image: string): string | undefined {
  return isImage(image) ? undefined : `${JSON.stringify(image)} is not the name of an image`
}

/** Why an engine cannot be told to put the file for the termination message there. */
export function messagePathMistake(path: string): string | undefined {
  // A colon would begin the options of a mount.
  if (/^\/[^:\p{Cc}]*$/u.test(path)) return undefined
  return `its terminationMessagePath ${JSON.stringify(path)} is not an absolute path without a colon`
}

/** Why a container of an engine cannot have this variable. */
export function variableMistake(name: string, value: string): string | undefined {
  const variable = `variable ${JSON.stringify(name)}`
  if (!isEnvName(name)) return `${variable} has a name that no container can have`
  if (!fileName.test(name)) return `${variable} has a name that engines cannot be told`
  if (value.includes("\0")) return `the value of ${variable} has a NUL character in it`
  if (fitsFile(name, value) || (plainName.test(name) && !isHeeded(name))) return undefined
  return `the value of ${variable}, which the engine itself may heed, has a line break in it or is too long`
}

/** How an engine reads the file: line by line, a `#` begins a comment, and a name without `=` is that of a variable of its own. */
const fileName = /^[^\s#=][^\s=]*$/
/** Longer lines are refused by both engines, in bytes. */
const maxLineBytes = 60_000

function fitsFile(name: string, value: string): boolean {
  return !/[\r\n]/.test(value) && Buffer.byteLength(name) + Buffer.byteLength(value) < maxLineBytes
}

/** To Podman, `*` at the end of a name stands for all variables that begin so. */
const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Whether programs such as the engine's client, and what it starts, change their ways by such a variable. */
function isHeeded(name: string): boolean {
  if (process.env[name] !== undefined) return true
  return /^_?(DOCKER|CONTAINERS?|PODMAN|BUILDAH|BUILDKIT|STORAGE|REGISTRY|XDG|DBUS|LD|DYLD|GO|GLIBC|MALLOC|GCONV|OPENSSL|SSL|SSH|OTEL|LISTEN|NOTIFY|LC)|^(PATH|HOME|USER|SHELL|IFS|ENV|BASH_.*|TMP|TEMP|TMPDIR|LANG|LANGUAGE|TERM|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS)$|_PROXY$/i.test(
    name,
  )
}
