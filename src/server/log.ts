// Logs as one line of JSON each: a fixed message, and fields.

import * as Logger from "effect/Logger"

/** Writes to standard output; a second argument of a log call, and annotations, become fields of the line. */
export const layerLog = Logger.layer([
  Logger.withConsoleLog(
    Logger.map(Logger.formatStructured, ({ timestamp, level, message, annotations, cause }) => {
      const [text, ...more] = Array.isArray(message) ? message : [message]
      const { message: detail, ...fields } = Object.assign({ ...annotations }, ...more)
      return JSON.stringify({ time: timestamp, level, message: text, ...fields, detail, cause })
    }),
  ),
])
