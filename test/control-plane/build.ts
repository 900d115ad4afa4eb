// Builds programs with Go from pinned modules, once for each set of pins and never twice at the same time, because a
// build takes minutes of every core.
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { cacheFolder, missingFrom, type ProgramSet } from "./program-set.ts"

const run = promisify(execFile)

/** The set's cache folder, with what was missing built; undefined when this machine has no Go. */
export async function build<Program extends string>(set: ProgramSet<Program>): Promise<string | undefined> {
  if (!(await hasGo())) return undefined
  const folder = cacheFolder(set)
  mkdirSync(folder, { recursive: true })
  await alone(`${folder}.lock`, async () => {
    const programs = missingFrom(folder, set) // Asked under the lock: another process may have just built them.
    const flags = programs.length > 0 ? ((await set.flags?.()) ?? []) : []
    for (const [index, program] of programs.entries()) {
      const all = `${index + 1} of ${programs.length}; once, about ${set.minutes} minutes in all on two cores`
      console.error(`building ${program} (${all})`)
      const source = set.sources[program]
      await compile(join(set.modules, source.module), source.package, flags, join(folder, program))
    }
  })
  return folder
}

/** A program appears under its name only when it is whole. */
async function compile(module: string, goPackage: string, flags: readonly string[], file: string): Promise<void> {
  const unfinished = `${file}.${process.pid}`
  try {
    await run("go", ["build", ...flags, "-ldflags", linkerFlags(module), "-o", unfinished, goPackage], {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
      maxBuffer: 64 * 1024 * 1024, // Go names every module it downloads.
    })
    renameSync(unfinished, file)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** Kubernetes takes its version from the linker; without one kube-apiserver calls itself v0.0.0 and clients balk. */
function linkerFlags(module: string): string {
  const goMod = readFileSync(join(module, "go.mod"), "utf8")
  const [pin, major, minor, patch] = /^require k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/m.exec(goMod) ?? []
  if (!pin) return "-s -w"
  const values = {
    gitVersion: `v${major}.${minor}.${patch}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: "clean",
  }
  const version = Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  return ["-s -w", ...version].join(" ")
}

async function hasGo(): Promise<boolean> {
  return run("go", ["version"]).then(
    () => true,
    () => false,
  )
}

const beatSeconds = 5
const staleSeconds = 60

/**
 * Runs the work while no other process runs it. The holder touches the lock file, so that a lock left behind by a
 * killed process is known by its age. If two waiters take over a stale lock in the same instant both build, which
 * costs time only: programs are renamed into place.
 */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  for (let waited = 0; !take(lock); waited++) {
    if (waited === 0) console.error(`waiting for another process that builds the same (${lock})`)
    if (ageSeconds(lock) > staleSeconds) rmSync(lock, { force: true })
    await sleep(1000)
  }
  const beat = setInterval(() => utimesSync(lock, new Date(), new Date()), beatSeconds * 1000)
  try {
    await work()
  } finally {
    clearInterval(beat)
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" })
    return true
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false
    throw error
  }
}

function ageSeconds(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat ? (Date.now() - stat.mtimeMs) / 1000 : 0
}
