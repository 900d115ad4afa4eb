// What must never happen, whatever does: the invariants, each in a file of its own.

import type { ExecutionStatus } from "../../src/api/execution.ts"
import type { Store } from "../../src/cluster/memory/store.ts"
import { i1 } from "./invariants/i1-one-job.ts"
import { i2 } from "./invariants/i2-order.ts"
import { i3 } from "./invariants/i3-final.ts"
import { i4 } from "./invariants/i4-forward.ts"
import { i5 } from "./invariants/i5-end-state.ts"
import { i6 } from "./invariants/i6-quiet.ts"
import { i7 } from "./invariants/i7-own.ts"
import { i8 } from "./invariants/i8-bounded.ts"
import { i9 } from "./invariants/i9-one-run.ts"
import { i10 } from "./invariants/i10-fair.ts"
import { i11 } from "./invariants/i11-finally-last.ts"
import { i12 } from "./invariants/i12-places.ts"
import { i13 } from "./invariants/i13-kept.ts"
import type { ExecutionFacts, JobFacts, Ledger } from "./ledger.ts"
import type { Call, Handling } from "./replica.ts"
import type { World } from "./world.ts"

export interface Invariant {
  readonly id: string
  readonly says: string
  /** One who watches a case, and says with `fail` what broke the invariant. */
  judge(fail: (message: string) => void): Judge
}

export interface Judge {
  /** A handling makes a call. */
  called?(call: Call, handling: Handling, store: Store, ledger: Ledger): void
  jobCreated?(job: JobFacts, by: Handling | undefined, ledger: Ledger): void
  statusWritten?(
    execution: ExecutionFacts,
    before: ExecutionStatus | undefined,
    after: ExecutionStatus,
    ledger: Ledger,
  ): void
  /** The status of a pipeline says that it is this execution's turn. */
  claimed?(pipelineName: string, execution: ExecutionFacts, by: Handling | undefined, ledger: Ledger): void
  executionDeleted?(execution: ExecutionFacts, by: Handling | undefined, ledger: Ledger): void
  /** A handling ended. */
  handled?(handling: Handling, ledger: Ledger): void
  /** Faults have stopped, no Job has ended since, and a resync was handled; or `isAtRest`: nothing more will happen. */
  resynced?(world: World, isAtRest: boolean): void
  /** A day has passed, and a resync was handled. */
  cleared?(world: World): void
  /** An event of the past came again when nothing had changed. */
  replayed?(handling: Handling): void
}

export const invariants: readonly Invariant[] = [i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13]
