// A container image of a few static programs, made and pushed without a container engine: one uncompressed layer, by the
// registry's own HTTP interface (the OCI distribution specification).

import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"

export interface Image {
  /** Files of this machine by their path in the image. */
  readonly files: Readonly<Record<string, string>>
  readonly entrypoint: string
  readonly user: number
}

/** Pushes it; the reference, by digest, under which a cluster that sees the registry pulls it. */
export async function pushImage(registry: string, name: string, { files, entrypoint, user }: Image): Promise<string> {
  const address = `${/^(localhost|127\.)/.test(registry) ? "http" : "https"}://${registry}/v2/${name}`
  const layer = tar(files)
  const folder = entrypoint.slice(0, entrypoint.lastIndexOf("/"))
  const config = json({
    architecture: { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch,
    os: "linux",
    config: { Entrypoint: [entrypoint], User: String(user), Env: [`PATH=${folder}`] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  })
  for (const blob of [layer, config]) await pushBlob(address, blob)
  const type = "application/vnd.oci.image"
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${type}.manifest.v1+json`,
    config: { mediaType: `${type}.config.v1+json`, size: config.length, digest: digestOf(config) },
    layers: [{ mediaType: `${type}.layer.v1.tar`, size: layer.length, digest: digestOf(layer) }],
  })
  const headers = { "content-type": `${type}.manifest.v1+json` }
  await send("PUT", `${address}/manifests/${digestOf(manifest)}`, manifest, headers)
  return `${registry}/${name}@${digestOf(manifest)}`
}

async function pushBlob(address: string, blob: Buffer): Promise<void> {
  if ((await fetch(`${address}/blobs/${digestOf(blob)}`, { method: "HEAD" }).catch(unreachable)).ok) return
  const { headers } = await send("POST", `${address}/blobs/uploads/`)
  const place = new URL(headers.get("location") ?? "", address)
  place.searchParams.set("digest", digestOf(blob))
  await send("PUT", place.href, blob, { "content-type": "application/octet-stream" })
}

async function send(method: string, url: string, body?: Buffer, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method, headers, ...(body && { body: new Uint8Array(body) }) }).catch(unreachable)
  if (!answer.ok) throw new Error(`the registry answers ${answer.status} to ${method} ${url}: ${await answer.text()}`)
  return answer
}

function unreachable(error: Error): never {
  throw new Error(`the registry that BENCH_REGISTRY names does not answer: ${(error.cause as Error)?.message}`)
}

/** Folders that are only in the way of files need no entry of their own; /tmp does, for everybody to write to. */
function tar(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).flatMap(([path, file]) => {
    const content = readFileSync(file)
    return [header(path.slice(1), 0o755, content.length, "0"), content, Buffer.alloc(-content.length & 511)]
  })
  return Buffer.concat([header("tmp/", 0o1777, 0, "5"), ...entries, Buffer.alloc(1024)])
}

/** POSIX ustar; the checksum is taken with spaces in its own place. */
function header(path: string, mode: number, size: number, type: string): Buffer {
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`
  const block = Buffer.alloc(512)
  block.write(path, 0)
  block.write(octal(mode, 7) + octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(0, 11), 100)
  block.write(`        ${type}`, 148)
  block.write("ustar\x0000", 257)
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  )
  return block
}

const json = (value: object) => Buffer.from(JSON.stringify(value))
const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`
