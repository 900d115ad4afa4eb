// Asks a Node.js process, through its inspector, to collect its garbage: what it then holds, it holds on purpose or by
// mistake, and the figure does not depend on when the collector last ran.

/** The bytes that the process's heap holds afterwards. */
export async function collectGarbage(port: number): Promise<number> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(targets[0]!.webSocketDebuggerUrl)
  try {
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = () => reject(new Error("the inspector does not answer"))
    })
    // The second round takes what finalizers of the first let go.
    await ask(socket, 1, "HeapProfiler.collectGarbage")
    await ask(socket, 2, "HeapProfiler.collectGarbage")
    return (await ask<{ usedSize: number }>(socket, 3, "Runtime.getHeapUsage")).usedSize
  } finally {
    socket.close()
  }
}

function ask<T>(socket: WebSocket, id: number, method: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the inspector does not answer ${method}`)), 20_000)
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as { id?: number; result: T }
      if (message.id !== id) return
      clearTimeout(timer)
      resolve(message.result)
    }
    socket.send(JSON.stringify({ id, method }))
  })
}
