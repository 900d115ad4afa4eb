// The programs of the control plane, and the Go package each is built from. The versions stand in modules/*/go.mod.
import { join } from "node:path"
import type { Source } from "./program-set.ts"

export const sources = {
  etcd: { module: "etcd", package: "go.etcd.io/etcd/server/v3" },
  "kube-apiserver": { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-apiserver" },
  "kube-controller-manager": { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-controller-manager" },
  kubectl: { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kubectl" },
  apiserver_receive_adapter: {
    module: "knative-eventing",
    package: "knative.dev/eventing/cmd/apiserver_receive_adapter",
  },
} as const satisfies Record<string, Source>

export type Program = keyof typeof sources

/** What only benches need: tests neither look for it nor build it. */
export const benchSources = {
  kwok: { module: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok" },
} as const satisfies Record<string, Source>

export const modulesFolder = join(import.meta.dirname, "modules")
