import { randomUUID } from "node:crypto"

/** Sends the server an event, and returns when it is answered, as a source does. */
export async function deliver(url: string, type: string, data?: object): Promise<void> {
  const headers = {
    "ce-specversion": "1.0",
    "ce-id": randomUUID(),
    "ce-source": "https://127.0.0.1",
    "ce-type": type,
    ...(data && { "content-type": "application/json" }),
  }
  const answer = await fetch(url, { method: "POST", headers, ...(data && { body: JSON.stringify(data) }) })
  if (answer.status !== 202) throw new Error(`${type} was answered with ${answer.status}: ${await answer.text()}`)
}
