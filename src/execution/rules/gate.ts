// What keeps a stage from starting: the answer of each rule that is asked, one after the other, until one has a say.

export type Gate =
  /** Not yet; a reason where a person would ask for one. */
  | { readonly _tag: "Wait"; readonly reason?: string; readonly message?: string }
  /** Never: it does not run, and that is no failure. */
  | { readonly _tag: "Skip"; readonly reason: string; readonly message: string }
  /** Never: it cannot run as it is written. */
  | { readonly _tag: "Fail"; readonly reason: string; readonly message: string }
