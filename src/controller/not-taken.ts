// The errors of an event itself; sending it again would not help.

import * as Data from "effect/Data"

/** An event that this service does not take. */
export class NotTaken extends Data.TaggedError("NotTaken")<{ readonly message: string }> {}

/** Its sender may not send it. */
export class NotAllowed extends Data.TaggedError("NotAllowed")<{ readonly message: string }> {}
