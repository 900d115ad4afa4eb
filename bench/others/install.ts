// Another project's manifests, made to fit beside a second installation of the same: a namespace of its own, and the
// images that were built here.

import type { Manifest } from "./cluster.ts"

export interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly object[]
}

interface Deployment extends Manifest {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } }
}

interface Binding extends Manifest {
  readonly subjects: readonly { readonly namespace?: string }[]
}

const kindsOfCluster = ["CustomResourceDefinition", "PriorityClass", "ClusterRole"]

/** Whether two installations share it. */
export const isShared = ({ kind }: Manifest) => kindsOfCluster.includes(kind)

/** What an installation has for itself, in that namespace, with its controller changed. */
export function own(
  manifests: readonly Manifest[],
  namespace: string,
  change: (controller: Container) => Container,
): readonly Manifest[] {
  return manifests
    .filter((manifest) => !isShared(manifest))
    .map((manifest) => {
      const { kind, metadata } = manifest
      if (kind === "ClusterRoleBinding") {
        return {
          ...withSubjects(manifest, namespace),
          metadata: { ...metadata, name: `${namespace}-${metadata.name}` },
        }
      }
      const placed = { ...manifest, metadata: { ...metadata, namespace } }
      if (kind === "RoleBinding") return withSubjects(placed, namespace)
      if (kind !== "Deployment") return placed
      const { spec } = placed as unknown as Deployment
      const pod = { ...spec.template.spec, containers: spec.template.spec.containers.map(change) }
      return { ...placed, spec: { ...spec, template: { ...spec.template, spec: pod } } }
    })
}

function withSubjects(manifest: Manifest, namespace: string): Manifest {
  const { subjects } = manifest as unknown as Binding
  return {
    ...manifest,
    subjects: subjects.map((subject) => ("namespace" in subject ? { ...subject, namespace } : subject)),
  } as Manifest
}

/** Does the work at the first call, and gives everybody what became of it, an error too. */
export function once<In, Out>(work: (value: In) => Promise<Out>): (value: In) => Promise<Out> {
  let done: Promise<Out> | undefined
  return (value) => {
    done ??= work(value)
    return done
  }
}
