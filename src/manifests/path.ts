// Where in an object something stands.

/** The way from an object down to one of its fields, such as `["spec", "stages", 2, "dependsOn"]`. */
export type Path = readonly (string | number)[]

/** A mistake at a field, before it is known in which file the object stands. */
export interface Finding {
  readonly path: Path
  readonly message: string
}
