// Reads a request's body and stops as soon as it is too long: what somebody claims about its length is not believed,
// and what is too long is never held in memory.

/** The most a message of CloudEvents may take, in bytes. */
export const maxBodyBytes = 1024 * 1024

/** The body, or one sentence about why it cannot be had. */
export async function readBody(request: Request): Promise<Uint8Array | { readonly problem: string }> {
  // One buffer that grows, as a body may come as a million chunks of one byte, each of which costs a hundred to keep.
  let buffer = Buffer.allocUnsafe(16 * 1024)
  let bytes = 0
  try {
    const reader = request.body?.getReader()
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
      const end = bytes + next.value.byteLength
      if (end > maxBodyBytes) return { problem: `the body is longer than ${maxBodyBytes} bytes` }
      if (end > buffer.byteLength) buffer = grown(buffer, bytes, end)
      buffer.set(next.value, bytes)
      bytes = end
    }
  } catch {
    return { problem: "the body ended before it was complete" }
  }
  return buffer.subarray(0, bytes)
}

function grown(buffer: Buffer, used: number, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(Math.min(maxBodyBytes, Math.max(needed, 2 * buffer.byteLength)))
  larger.set(buffer.subarray(0, used))
  return larger
}
