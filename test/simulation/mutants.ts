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
    find: "if (known !== undefined) return known",
    replace: "uid += Math.random()",
  },
  {
    invariant: "I1",
    what: "a combination whose Job was deleted while it ran gets another",
    file: "src/execution/tasks.ts",
    find: "const outcome = outcomeOf(recorded,",
    replace: 'const outcome = outcomeOf(previous.combinations === undefined ? recorded : "Waiting",',
  },
  {
    invariant: "I2",
    what: "a stage starts when any parent succeeded",
    file: "src/execution/rules/trigger-rule.ts",
    find: 'if (ended.length < parents.length) return { _tag: "Wait" }',
    replace: 'if (parents.length > 0 && ended.length === 0) return { _tag: "Wait" }',
  },
  {
    invariant: "I2",
    what: "a pod that the Job controller does not track counts as success",
    file: "src/execution/stage-outcome.ts",
    find: " && pod.metadata.finalizers.includes(trackingFinalizer)",
    replace: "",
  },
  {
    invariant: "I2",
    what: "a suspended execution starts stages",
    file: "src/controller/reconcile.ts",
    find: "let observed: Observed = { execution,",
    replace: "let observed: Observed = { execution: { ...execution, spec: { ...execution.spec, suspend: false } },",
  },
  {
    invariant: "I3",
    what: "a stage that ended is looked at again",
    file: "src/execution/run.ts",
    find: "const isOver = isStageFinished(before.phase)",
    replace: 'const isOver = before.phase === "Skipped"',
  },
  {
    invariant: "I3",
    what: "a stage that was skipped is cancelled all the same",
    file: "src/execution/settle.ts",
    find: "if (isStageFinished(status.phase)) continue",
    replace: 'if (isStageFinished(status.phase) && status.phase !== "Skipped") continue',
  },
  {
    invariant: "I4",
    what: "a status is written over whatever is there",
    file: "src/cluster/status-patch.ts",
    find: '{ op: "replace", path: versionPath, value: resourceVersion },',
    replace: "",
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
    find: 'notFields: { "status.phase": finalPhases }, isMetadataOnly',
    replace: 'notFields: { "status.phase": ["", ...finalPhases] }, isMetadataOnly',
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
    find: "return picked.filter((object) => object !== undefined)",
    replace: "return malformed.length > 0 ? [] : picked.filter((object) => object !== undefined)",
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
    what: "a stage that ended says at every look that it has ended now",
    file: "src/execution/run.ts",
    find: "isOver ? before :",
    replace: "isOver ? { ...before, completionTime: now } :",
  },
  {
    invariant: "I5",
    what: "of a Job that was there already, the pod is not looked at",
    file: "src/controller/reconcile.ts",
    find: "if (created.isFound)",
    replace: "if (false)",
  },
  {
    invariant: "I5",
    what: "beside a Job that has ended, its pods may be as they were before",
    file: "src/cluster.ts",
    find: "jobs.some(isJobFinished) ? undefined : podVersion",
    replace: "podVersion",
  },
  {
    invariant: "I7",
    what: "a Job of the right name is taken for our own",
    file: "src/controller/create-jobs.ts",
    find: "if (controllerUid(job.metadata) === controllerUid(manifest.metadata)) return { name, job, isFound: true }",
    replace: "if (job !== undefined) return { name, job, isFound: true }",
  },
  {
    invariant: "I7",
    what: "a Job under the right labels is taken for our own",
    file: "src/cluster.ts",
    find: "const owned = labelled.filter((job) => controllerUid(job.metadata) === uid)",
    replace: "const owned = labelled.filter((job) => uid !== undefined && job !== undefined)",
  },
  {
    invariant: "I7",
    what: "outputs that were lost count as empty",
    file: "src/execution/progress.ts",
    find: 'written === "lost" ? lostOutputs(neederOf(name))',
    replace: 'written === "lost" ? undefined',
  },
  {
    invariant: "I7",
    what: "pods are told apart by the stage in their labels",
    file: "src/execution/tasks.ts",
    find: "work && (pods.get(work.metadata.uid) ?? [])",
    replace: `work && [...pods.values()].flat().filter(
        ({ metadata }) => metadata.labels["pipeline.peanut.dev/stage"] === work.metadata.labels["pipeline.peanut.dev/stage"])`,
  },
  {
    invariant: "I8",
    what: "a lost race is taken up again without end",
    file: "src/controller/reconcile.ts",
    find: "times: patience - 1,",
    replace: "",
  },
  {
    invariant: "I8",
    what: "every stage lists the Jobs anew",
    file: "src/controller/reconcile.ts",
    find: "  let next = advance(observed, time)",
    replace: `  for (const _ of execution.status.stages) observed = { ...observed, ...(yield* cluster.run(execution, allJobs)) }
  let next = advance(observed, time)`,
  },
  {
    invariant: "I2",
    what: "a stage starts before it is approved",
    file: "src/execution/rules/rules.ts",
    find: "if (!approval ||",
    replace: "if (!approval || approved === undefined ||",
  },
  {
    invariant: "I2",
    what: "a skipped stage counts as satisfied, whatever the reason",
    file: "src/execution/rules/trigger-rule.ts",
    find: 'phase === "Skipped" && reason === "WhenFalse"',
    replace: 'phase === "Skipped" && reason !== "None"',
  },
  {
    invariant: "I5",
    what: "a matrix that waited for something has failed",
    file: "src/execution/matrix-progress.ts",
    find: 'readStates(combinations).includes("Failed") && reason !== undefined',
    replace: "combinations !== '' && reason !== undefined",
  },
  {
    invariant: "I9",
    what: "a turn is taken before it is written",
    file: "src/controller/turns.ts",
    find: "yield* cluster.writePipelineStatus(pipeline, { ...pipeline.status, activeExecution })",
    replace: "",
  },
  {
    invariant: "I9",
    what: "whose turn it is, is known from what was read before the executions were",
    file: "src/controller/turns.ts",
    find: "let turn = turnOf(execution, policy, all, pipeline.status?.activeExecution)",
    replace: "let turn = turnOf(execution, policy, all.filter((it) => it.status?.snapshot === undefined), undefined)",
  },
  {
    invariant: "I10",
    what: "the newest execution of a queue runs first",
    file: "src/execution/rules/concurrency-policy.ts",
    find: 'policy === "Replace" ? ready.at(-1) : ready[0]',
    replace: "ready.at(-1)",
  },
  {
    invariant: "I10",
    what: "whoever looks first has the next turn",
    file: "src/execution/rules/concurrency-policy.ts",
    find: "const next = nextInTurn(policy, unfinished)",
    replace: "const next = nextInTurn(policy, [execution])",
  },
  {
    invariant: "I11",
    what: "finally begins with the first stage that ends",
    file: "src/execution/status.ts",
    find: "if (!own.every(({ phase }) => isStageFinished(phase))) return undefined",
    replace: "if (!own.some(({ phase }) => isStageFinished(phase))) return undefined",
  },
  {
    invariant: "I11",
    what: "finally does not wait for the Jobs that are being stopped",
    file: "src/execution/settle.ts",
    find: "phase === undefined || isStillStopping(run, settled)",
    replace: "phase === undefined || isStillStopping === undefined",
  },
  {
    invariant: "I12",
    what: "the Jobs that run take no place of maxParallel",
    file: "src/execution/rules/max-parallel.ts",
    find: "(limit ?? Number.POSITIVE_INFINITY) - running",
    replace: "(limit ?? Number.POSITIVE_INFINITY) - running * 0",
  },
  {
    invariant: "I12",
    what: "the combinations that run take no place of their stage's maxParallel",
    file: "src/execution/rules/max-parallel.ts",
    find: "(maxParallel ?? Number.POSITIVE_INFINITY) - running",
    replace: "(maxParallel ?? Number.POSITIVE_INFINITY) - running * 0",
  },
  {
    invariant: "I13",
    what: "one execution fewer is kept than the limit says",
    file: "src/execution/rules/history.ts",
    find: "newestFirst.slice(limit)",
    replace: "newestFirst.slice(Math.max(0, limit - 1))",
  },
  {
    invariant: "I13",
    what: "the newest executions are deleted, not the oldest",
    file: "src/execution/rules/history.ts",
    find: "(isEndedBefore(a, b) ? 1 : -1)",
    replace: "(isEndedBefore(a, b) ? -1 : 1)",
  },
  {
    invariant: "I13",
    what: "what has a time to live is deleted at once",
    file: "src/execution/rules/history.ts",
    find: "Date.parse(status.completionTime) + ttl * 1000 <= Date.parse(now)",
    replace: "Date.parse(status.completionTime) <= Date.parse(now)",
  },
]
