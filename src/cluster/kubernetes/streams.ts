// Answers of the API server that go on and on: changes of objects, and logs of pods. The controller needs neither; they
// are for a person who looks on.

import type { Readable } from "node:stream"
import type { Ref } from "../../api/meta.ts"
import { type NotFound, type Refused, type Resource, resources, Unavailable } from "../object-api.ts"
import { collection, item } from "./api.ts"
import { failure } from "./failure.ts"
import { type Call, type Opener, readAnswer } from "./http-client.ts"

export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED"
  readonly object: unknown
}

export interface LogOptions {
  readonly container: string
  readonly follow: boolean
  /** Of the container's run before this one. */
  readonly previous: boolean
  /** Put the time before each line. */
  readonly timestamps: boolean
  readonly sinceTime?: string | undefined
}

export interface Streams {
  /** The changes of one object after this version of it, until the server ends the stream, as it does now and then. */
  watch(resource: Resource, version: Ref & { readonly resourceVersion: string }): AsyncIterable<Change>
  /**
   * The lines of a container's log, until its end. Throws {@link Unavailable} where it is cut off before; a line of which
   * only a part has come by then is not among them.
   */
  log(pod: Ref, options: LogOptions): AsyncIterable<string>
}

/** After so long the server is asked to end a watch, and is asked again. */
const watchSeconds = 240

/** Both throw what an {@link ObjectApi} fails with. */
export function kubernetesStreams(open: Opener): Streams {
  return {
    async *watch(resource, { namespace, name, resourceVersion }) {
      const query = new URLSearchParams({
        watch: "true",
        fieldSelector: `metadata.name=${name}`,
        resourceVersion,
        timeoutSeconds: String(watchSeconds),
      })
      const path = `${collection(resource, namespace)}?${query}`
      // A connection that died without a word would be silent for ever.
      const incoming = await opened({ method: "GET", path }, AbortSignal.timeout((watchSeconds + 10) * 1000))
      // A line is one change in JSON, which has no line ends of its own.
      for await (const line of linesOf(incoming)) {
        const { type, object } = JSON.parse(line) as { type: string; object: { code?: number } }
        // Its history is gone, or the server has a reason of its own: whoever watches reads again.
        if (type === "ERROR") throw new Unavailable({ message: `the watch ended: ${JSON.stringify(object)}` })
        if (type !== "BOOKMARK") yield { type: type as Change["type"], object }
      }
    },

    async *log(pod, { container, follow, previous, timestamps, sinceTime }) {
      const query = new URLSearchParams({ container })
      for (const [flag, isSet] of Object.entries({ follow, previous, timestamps })) if (isSet) query.set(flag, "true")
      if (sinceTime !== undefined) query.set("sinceTime", sinceTime)
      const path = `${item(resources.pods, pod)}/log?${query}`
      // The last line of a log may have no end.
      yield* linesOf(await opened({ method: "GET", path }, new AbortController().signal), true)
    },
  }

  async function opened(call: Call, signal: AbortSignal) {
    let incoming: Awaited<ReturnType<Opener>>
    try {
      incoming = await open(call, signal)
    } catch (cause) {
      throw new Unavailable({ message: `${call.method} ${call.path}: ${String(cause)}`, cause })
    }
    const status = incoming.statusCode ?? 0
    if (status < 300) return incoming
    const { body } = await readAnswer(incoming)
    throw asExpected(failure(status, body))
  }
}

/** A line longer than this comes in several: a program that never writes a line end must not fill the memory. */
const maxLogLine = 64 * 1024

/** Line by line; who stops reading ends the stream. */
async function* linesOf(stream: Readable, isLog = false): AsyncGenerator<string> {
  let rest = ""
  stream.setEncoding("utf8")
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk).split(isLog ? /\r?\n/ : "\n")
      rest = lines.pop() ?? ""
      yield* lines
      for (; isLog && rest.length > maxLogLine; rest = rest.slice(maxLogLine)) yield rest.slice(0, maxLogLine)
    }
  } catch (cause) {
    throw new Unavailable({ message: `the stream broke off: ${String(cause)}`, cause })
  }
  if (isLog && rest !== "") yield rest
}

/** Of what a stream was refused with, only what has a meaning for it. */
function asExpected(error: ReturnType<typeof failure>): NotFound | Refused | Unavailable {
  if (error._tag === "NotFound" || error._tag === "Refused" || error._tag === "Unavailable") return error
  return new Unavailable({ message: error.message, status: 409 })
}
