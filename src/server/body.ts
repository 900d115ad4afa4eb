// Reads a request's body and stops as soon as it is too long: what somebody claims about its length is not believed,
// and what is too long is never held in memory.

/** The most a CloudEvent may take, in bytes. */
export const maxBodyBytes = 1024 * 1024

/** The body as text, or one sentence about why it cannot be had. */
export async function readBody(request: Request): Promise<string | { readonly problem: string }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (request.body !== null) {
    const reader = request.body.getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.byteLength
      if (bytes > maxBodyBytes) {
        await reader.cancel().catch(() => undefined)
        return { problem: `the body is longer than ${maxBodyBytes} bytes` }
      }
      chunks.push(next.value)
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    return { problem: "the body is not UTF-8" }
  }
}
