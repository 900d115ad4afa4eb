// The file in which a container leaves its termination message: where Peanut's stages write their outputs. A kubelet
// makes such a file for every container, and keeps the end of what is in it.

import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What a kubelet keeps of a termination message, in bytes: the last ones. */
const maxMessageBytes = 4096

export interface MessageFile {
  readonly path: string
  /** What a kubelet would take from it; empty if it is gone, or is no file any more. */
  read(): string
  remove(): void
}

/** Makes such files in a folder that nobody else can enter, and that is made with the first of them. */
export class MessageFiles {
  #folder: string | undefined

  create(name: string): MessageFile {
    this.#folder ??= mkdtempSync(join(tmpdir(), "peanut-outputs-"))
    const path = join(this.#folder, name)
    writeFileSync(path, "", { flag: "wx" })
    // In a container, whoever its image runs as writes to it; the umask would take that away.
    chmodSync(path, 0o666)
    return { path, read: () => readEnd(path), remove: () => rmSync(path, { recursive: true, force: true }) }
  }

  removeAll(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}

function readEnd(path: string): string {
  let file: number | undefined
  try {
    // A program may have put something else in its place; to open a pipe would wait for a writer for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(file)
    if (!stat.isFile()) return ""
    const buffer = Buffer.alloc(maxMessageBytes)
    const length = readSync(file, buffer, 0, maxMessageBytes, Math.max(0, stat.size - maxMessageBytes))
    return buffer.toString("utf8", 0, length)
  } catch {
    return ""
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
