// I6. At rest, every event there ever was comes again: nobody may write, not even in vain.

import type { Invariant } from "../invariants.ts"
import { isWrite } from "../replica.ts"
import { wordsOfCall } from "../words.ts"

export const i6: Invariant = {
  id: "I6",
  says: "quiet: replaying any event of a finished or unchanged execution writes nothing",
  judge: (fail) => ({
    replayed: ({ calls, words }) => {
      const write = calls.find(isWrite)
      if (write !== undefined) fail(`"${words}" came again when nothing had changed, and Peanut ${wordsOfCall(write)}`)
    },
  }),
}
