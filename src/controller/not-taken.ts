// The one error of an event itself.

import * as Data from "effect/Data"

/** An event that this service does not take; sending it again would not help. */
export class NotTaken extends Data.TaggedError("NotTaken")<{ readonly message: string }> {}
