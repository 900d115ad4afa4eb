// Messages made one, no longer than a condition takes: each may quote what a tenant wrote, which may be a megabyte.

/** The CRD takes 32,768 characters in a condition, and the API server would refuse the whole status for one more. */
export const maxMessageLength = 32_000
/** Of one mistake: enough to name the longest stage and say what is wrong. */
const maxOfOne = 2048

/** As many as there is room for, each cut where it is too long. */
export function joined(messages: Iterable<string>): string {
  const taken: string[] = []
  let length = 0
  for (const message of messages) {
    const short = message.length <= maxOfOne ? message : `${message.slice(0, maxOfOne - 1).toWellFormed()}…`
    if (length + short.length > maxMessageLength - more.length) return [...taken, more].join("; ")
    taken.push(short)
    length += short.length + "; ".length
  }
  return taken.join("; ")
}

const more = "and more; correct these first"
