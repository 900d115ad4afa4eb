// The end of a server: what runs is answered, and nothing else is waited for.

import type { Server } from "node:http"

/**
 * Makes a function that closes the server. `Server.close()` alone waits for connections on which no request ever came,
 * as proxies keep them ready, and would hold the process until it is killed.
 */
export function gracefulClose(server: Server): () => Promise<void> {
  let answering = 0
  let isClosing = false
  server.on("request", (_request, response) => {
    answering++
    response.once("close", () => {
      answering--
      closeIfIdle()
    })
  })
  return () =>
    new Promise((resolve) => {
      isClosing = true
      server.close(() => resolve())
      closeIfIdle()
    })

  function closeIfIdle() {
    if (isClosing && answering === 0) server.closeAllConnections()
  }
}
