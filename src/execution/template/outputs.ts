// Outputs: what a stage wrote to the file $PEANUT_OUTPUT, its container's termination message. Text in, text out: it
// is never evaluated.

import type { Values } from "../params.ts"

/** What the kubelet keeps of the messages of one container, and of all of a pod's together, in bytes. */
const maxContainerBytes = 4096
const maxPodBytes = 12_288

/** How long the message of one of so many containers is kept; one that reaches this may have been cut. */
export function messageLimitBytes(containers: number): number {
  return Math.min(maxContainerBytes, Math.floor(maxPodBytes / Math.max(1, containers)))
}

/** What all outputs of one run may take together, in bytes: they live in one object. */
export const maxRunBytes = 192 * 1024

export type Outputs =
  | { readonly values: Values; readonly reason?: undefined }
  | { readonly values?: undefined; readonly reason: "OutputsTooLarge" | "OutputsInvalid"; readonly message: string }

const line = /^(?!__proto__=)([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/s

/** The lines `key=value` of a termination message; other lines are for people. The last of equal keys counts. */
export function readOutputs(message: string, limitBytes = maxContainerBytes): Outputs {
  if (bytesOf(message) >= limitBytes) {
    return {
      reason: "OutputsTooLarge",
      message: `it wrote ${limitBytes} bytes or more to $PEANUT_OUTPUT; write less, or store the data elsewhere and output where it is`,
    }
  }
  const pairs = message.split(/\r?\n/).flatMap((text) => {
    const [, key, value] = line.exec(text) ?? []
    return key === undefined ? [] : [[key, value!] as const]
  })
  const values = Object.fromEntries(pairs)
  const invalid = Object.keys(values).find((key) => values[key]!.includes("\0"))
  if (invalid === undefined) return { values }
  const problem = `its output "${invalid}" holds a NUL character, which no argument or variable of a program can hold`
  return { reason: "OutputsInvalid", message: problem }
}

/** The bytes that outputs take in a status. */
export function outputBytes(outputs: Values | undefined): number {
  return outputs === undefined ? 0 : bytesOf(JSON.stringify(outputs))
}

const bytesOf = (text: string) => Buffer.byteLength(text)
