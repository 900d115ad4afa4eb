// A mistake in what was typed, which no cluster need be asked about.

import * as Data from "effect/Data"

export class BadUsage extends Data.TaggedError("BadUsage")<{ readonly message: string }> {}
