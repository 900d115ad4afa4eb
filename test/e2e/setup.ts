// Before any end-to-end test: is there a cluster, does it have Knative, and which image runs?

import { kubectl, manifests } from "./cluster.ts"

export default async function setup(): Promise<void> {
  const kinds = await kubectl(["api-resources", "-o", "name"]).catch((error: Error) => {
    throw new Error(`the end-to-end tests need a cluster: set KUBECONFIG (${error.message.trim()})`)
  })
  for (const kind of ["services.serving.knative.dev", "apiserversources.sources.knative.dev"]) {
    if (!kinds.includes(kind)) throw new Error(`the cluster has no ${kind}: install Knative Serving and Eventing`)
  }
  const [, image = ""] = /^ +(?:- )?image: (\S+)$/m.exec(await manifests()) ?? []
  if (/^[^/]*\.invalid\//.test(image)) {
    throw new Error(`no image is set: name it in PEANUT_IMAGE, or in knative/kustomization.yaml (now ${image})`)
  }
  console.log(`end-to-end tests with ${image}`)
}
