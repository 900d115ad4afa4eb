// Outlives the test process and cleans up after it: kills what is still guarded and removes its folders once its
// standard input closes, which the kernel does however the parent died. Exit hooks do not run on SIGKILL.
import { rmSync } from "node:fs"
import { createInterface } from "node:readline"

const guarded = new Set<string>()

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, what] = split(line)
  if (verb === "guard") guarded.add(what)
  else guarded.delete(what)
}
for (const what of guarded) {
  const [kind, id] = split(what)
  if (kind === "process") kill(Number(id))
}
for (const what of guarded) {
  const [kind, id] = split(what)
  if (kind === "folder") rmSync(id, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // Gone already.
  }
}

function split(text: string): readonly [string, string] {
  const space = text.indexOf(" ")
  return [text.slice(0, space), text.slice(space + 1)]
}
