// Deliberate bugs, as changes of the source text that are made while the simulation is bundled: the product knows nothing of
// them. For each the simulation must find a case in which the invariant, or one that guards it, is broken.

export interface Mutant {
  /** The invariant that it is made to break; another may be the first to see it. */
  readonly invariant: string
  readonly what: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const mutants: readonly Mutant[] = [
  {
    invariant: "I1",
    what: "the name of a Job has a random part",
    file: "src/resources/job-name.ts",
    find: "hash(execution.uid, stage, attempt)",
    replace: "hash(execution.uid, stage, attempt, Math.random())",
  },
  {
    invariant: "I1",
    what: "a stage whose Job was deleted while it ran gets another",
    file: "src/execution/next-stage.ts",
    find: 'if (previous.phase === "Running") {',
    replace: 'if (previous.phase === "Running" && job !== undefined) {',
  },
  {
    invariant: "I2",
    what: "a stage starts when any parent succeeded",
    file: "src/execution/next-stage.ts",
    find: 'if (!parents.every((parent) => parent.phase === "Succeeded"))',
    replace: 'if (parents.length > 0 && !parents.some((parent) => parent.phase === "Succeeded"))',
  },
  {
    invariant: "I2",
    what: "a pod that the Job controller does not track counts as success",
    file: "src/execution/stage-outcome.ts",
    find: ' && pod.metadata.finalizers.includes("batch.kubernetes.io/job-tracking")',
    replace: "",
  },
  {
    invariant: "I2",
    what: "a suspended execution starts stages",
    file: "src/execution/next-stage.ts",
    find: "if (situation.isSuspended) return",
    replace: "if (situation.isSuspended && refusal?.isFinal) return",
  },
  {
    invariant: "I2",
    what: "a stage runs what its PeanutStage says now, not what the snapshot says",
    file: "src/execution/accept.ts",
    find: "return execution.status?.snapshot !== undefined && execution.status.stages !== undefined",
    replace: "return execution.status?.phase !== undefined && execution.status.phase !== 'Pending'",
  },
  {
    invariant: "I3",
    what: "a stage that ended is looked at again",
    file: "src/execution/next-stage.ts",
    find: "if (isStageFinished(previous.phase)) return stays(previous)",
    replace: 'if (previous.phase === "Skipped") return stays(previous)',
  },
  {
    invariant: "I3",
    what: "an execution that failed is failed again, for another reason",
    file: "src/controller/reconcile.ts",
    find: "if (isFinished({ status })) return true",
    replace: "if (jobName === undefined && status?.phase !== 'Failed' && isFinished({ status })) return true",
  },
  {
    invariant: "I4",
    what: "a status is written over whatever is there",
    file: "src/cluster.ts",
    find: "return { metadata: { resourceVersion: previous.metadata.resourceVersion }, status }",
    replace: "return { metadata: {}, status }",
  },
  {
    invariant: "I4",
    what: "the snapshot is taken again when the spec of the execution changes",
    file: "src/execution/accept.ts",
    find: "return execution.status?.snapshot !== undefined &&",
    replace: "return execution.status?.observedGeneration === execution.metadata.generation &&",
  },
  {
    invariant: "I5",
    what: "a resync passes over executions that have not begun",
    file: "src/cluster.ts",
    find: "!isFinished(execution) &&",
    replace: "!isFinished(execution) && execution.status?.phase !== undefined &&",
  },
  {
    invariant: "I5",
    what: "the status says that a stage runs before its Job is created",
    file: "src/controller/reconcile.ts",
    find: "  while (next.create.length > 0) {",
    replace: `  if (next.create.length > 0) {
    const starting = next.status.stages!.map((stage) =>
      next.create.some(({ metadata }) => metadata.annotations?.["pipeline.peanut.dev/stage"] === stage.name)
        ? { ...stage, phase: "Running" as const } : stage)
    yield* (yield* Cluster).writeStatus(execution, { ...next.status, stages: starting })
  }
  while (next.create.length > 0) {`,
  },
  {
    invariant: "I5",
    what: "one execution that fails keeps the others from their turn in a resync",
    file: "src/cluster.ts",
    find: "results.flatMap((result) => (result.success ? [result.data] : []))",
    replace: "malformed > 0 ? [] : results.flatMap((result) => (result.success ? [result.data] : []))",
  },
  {
    invariant: "I6",
    what: "the time of a condition moves each time it is looked at",
    file: "src/execution/status.ts",
    find: "previous?.status === next.status ? previous.lastTransitionTime : now",
    replace: "now",
  },
  {
    invariant: "I6",
    what: "a status is written whether or not it changed",
    file: "src/controller/reconcile.ts",
    find: "if (isDeepStrictEqual(status, execution.status)) return execution",
    replace: "",
  },
  {
    invariant: "I7",
    what: "a Job of the right name is taken for our own",
    file: "src/controller/reconcile.ts",
    find: "if (controllerUid(job.metadata) === controllerUid(manifest.metadata)) return { name, job }",
    replace: "if (job !== undefined) return { name, job }",
  },
  {
    invariant: "I7",
    what: "a Job under the right labels is taken for our own",
    file: "src/cluster.ts",
    find: "const owned = jobs.filter((job) => controllerUid(job.metadata) === uid)",
    replace: "const owned = jobs.filter((job) => uid !== undefined && job !== undefined)",
  },
  {
    invariant: "I7",
    what: "pods are told apart by the stage in their labels",
    file: "src/execution/advance.ts",
    find: "pods: (job && pods.get(job.metadata.uid)) ?? [],",
    replace: `pods: job === undefined ? [] : [...pods.values()].flat().filter(
        ({ metadata }) => metadata.labels["pipeline.peanut.dev/stage"] === job.metadata.labels["pipeline.peanut.dev/stage"]),`,
  },
  {
    invariant: "I8",
    what: "a lost race is taken up again without end",
    file: "src/controller/reconcile.ts",
    find: 'while: (error) => error._tag === "Conflict", times: patience',
    replace: 'while: (error) => error._tag === "Conflict"',
  },
  {
    invariant: "I8",
    what: "every stage lists the Jobs anew",
    file: "src/controller/reconcile.ts",
    find: "  let next = advance(observed, time)",
    replace: `  for (const _ of execution.status.stages) observed = { ...observed, ...(yield* cluster.run(execution)) }
  let next = advance(observed, time)`,
  },
]
