// The flags that commands for a cluster have in common, under the names that kubectl gives them.

import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import type { Where } from "../../../client/client.ts"

/** Which cluster, and where in it. */
export const clusterFlags = {
  namespace: Flag.String("namespace").pipe(
    Flag.withAlias("n"),
    Flag.withMetavar("NAMESPACE"),
    Flag.withDescription("The namespace; default: that of the kubeconfig's context"),
    Flag.optional,
  ),
  context: Flag.String("context").pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription("The context of the kubeconfig to use"),
    Flag.optional,
  ),
  kubeconfig: Flag.Path("kubeconfig").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("The kubeconfig to use; default: $KUBECONFIG, else ~/.kube/config"),
    Flag.optional,
  ),
} as const

/** What {@link clusterFlags} are parsed to. */
export interface ClusterFlags {
  readonly namespace: Option.Option<string>
  readonly context: Option.Option<string>
  readonly kubeconfig: Option.Option<string>
}

export function whereIn({ namespace, context, kubeconfig }: ClusterFlags): Where {
  return {
    namespace: Option.getOrUndefined(namespace),
    context: Option.getOrUndefined(context),
    kubeconfig: Option.getOrUndefined(kubeconfig),
  }
}

/** A boolean flag that is off unless it is given. */
export const switchFlag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withoutNegation, Flag.withDefault(false))

export const executionArgument = Argument.String("execution").pipe(
  Argument.withDescription("The name of a PeanutPipelineExecution"),
)

/** What happens after an execution was created. */
export const followFlags = {
  wait: switchFlag("wait", "Wait until it has ended; exit code 1 unless it Succeeded"),
  watch: switchFlag("watch", "The same, and show its stages meanwhile").pipe(Flag.withAlias("w")),
} as const

export const nameFlag = Flag.String("name").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription("The name of the new execution; default: the pipeline's, and five characters"),
  Flag.optional,
)

/** `-o`, with these forms to choose from. */
export const outputFlag = <const Form extends string>(forms: readonly Form[]) =>
  Flag.Literals("output", forms).pipe(
    Flag.withAlias("o"),
    Flag.withDescription("The form of what is written to standard output"),
    Flag.map((form) => form as Form | undefined),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  )
