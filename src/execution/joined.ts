// Messages made one, no longer than a condition takes: each may quote what a tenant wrote, which may be a megabyte.

/** The CRD takes 32,768 characters in a condition, and the API server would refuse the whole status for one more. */
export const maxMessageLength = 32_000
/** Of one mistake among many: enough to name the longest stage and say what is wrong. */
const maxOfOne = 2048

/** As many as there is room for, each cut where it is too long. */
export function joined(messages: readonly string[]): string {
  const most = Math.max(maxOfOne, Math.floor(maxMessageLength / messages.length) - "; ".length - more.length)
  const taken: string[] = []
  let length = 0
  for (const message of messages) {
    const short = cut(message, most)
    if (length + short.length > maxMessageLength - more.length) return [...taken, more].join("; ")
    taken.push(short)
    length += short.length + "; ".length
  }
  return taken.join("; ")
}

/** A message no longer than one may be among others. */
export function cut(message: string, most = maxOfOne): string {
  return message.length <= most ? message : `${message.slice(0, most - 1).toWellFormed()}…`
}

const more = "and more; correct these first"
