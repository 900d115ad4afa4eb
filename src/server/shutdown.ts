// The end of a server: what runs is answered, and nothing else is waited for.

import type { Server } from "node:http"

/** Less than the 30 seconds a pod has by default. */
const defaultPatienceMs = 25_000

/**
 * Makes a function that closes the server. `Server.close()` alone waits for connections on which no request ever came,
 * as proxies keep them ready, and for bodies that never end, as it stops the clock of request timeouts.
 */
export function gracefulClose(server: Server, patienceMs = defaultPatienceMs): () => Promise<void> {
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
      setTimeout(() => server.closeAllConnections(), patienceMs).unref()
    })

  function closeIfIdle() {
    if (isClosing && answering === 0) server.closeAllConnections()
  }
}
