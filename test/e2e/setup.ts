// Before any end-to-end test: is there a cluster, does it have Knative, and which image runs?

import { kubectl } from "./cluster.ts"

export default async function setup(): Promise<void> {
  const kinds = await kubectl(["api-resources", "-o", "name"]).catch((error: Error) => {
    throw new Error(`the end-to-end tests need a cluster: set KUBECONFIG (${error.message.trim()})`)
  })
  for (const kind of ["services.serving.knative.dev", "apiserversources.sources.knative.dev"]) {
    if (!kinds.includes(kind)) throw new Error(`the cluster has no ${kind}: install Knative Serving and Eventing`)
  }
  console.log(`end-to-end tests with ${process.env.PEANUT_IMAGE ?? "the image that knative/kustomization.yaml names"}`)
}
