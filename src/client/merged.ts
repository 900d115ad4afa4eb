// Several asynchronous sources as one, which may become more while they are read.

export interface Merged<T> extends AsyncIterable<T> {
  /** Reads from this one, too. What it throws goes to whoever reads all of them. */
  readonly add: (source: AsyncIterable<T>) => void
  /** Puts in one item. */
  readonly put: (item: T) => void
  /** Nothing is added any more: the end comes when all sources have ended; or at once, with an error. */
  readonly end: (error?: unknown) => void
  /** Whether nobody reads on: by an error, or by a reader that left. */
  readonly isClosed: () => boolean
}

/** Each source is read no faster than its items are taken, and no further once nobody reads on. */
export function merged<T>(): Merged<T> {
  const items: { readonly item: T; readonly taken: () => void }[] = []
  let open = 0
  let isEnding = false
  let isClosed = false
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}

  async function read(source: AsyncIterable<T>): Promise<void> {
    open++
    try {
      for await (const item of source) {
        if (isClosed) return
        await new Promise<void>((taken) => {
          items.push({ item, taken })
          wake()
        })
      }
    } catch (error) {
      failure ??= { error }
    } finally {
      open--
      wake()
    }
  }

  return {
    add: (source) => void read(source),
    put: (item) => {
      items.push({ item, taken: () => {} })
      wake()
    },
    end: (error) => {
      isEnding = true
      if (error !== undefined) failure ??= { error }
      wake()
    },
    isClosed: () => isClosed,
    async *[Symbol.asyncIterator]() {
      try {
        while (true) {
          const next = items.shift()
          if (next !== undefined) {
            try {
              yield next.item
            } finally {
              next.taken()
            }
          } else if (failure !== undefined) throw failure.error
          else if (isEnding && open === 0) return
          else {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          }
        }
      } finally {
        // Before those that wait go on, which they do later.
        isClosed = true
        for (const { taken } of items.splice(0)) taken()
      }
    },
  }
}
