// A graph as all that lays it out or sorts it sees it.

export interface Node {
  readonly name: string
  /** The names of the nodes that it comes after. */
  readonly dependsOn?: readonly string[] | undefined
}
