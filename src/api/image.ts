// What names an image and an environment variable: what the kubelet can run, and what an engine's command line cannot
// take for an option. The patterns are written so that they mean the same in a CRD, where RE2 reads them.

import { envNamePattern } from "./stage.ts"

const alphanumeric = "[a-zA-Z0-9]"
const label = `${alphanumeric}(?:[a-zA-Z0-9-]*${alphanumeric})?`
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"

/** `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`, the reference of an image as registries, kubelets and engines read it. */
export const imagePattern = `^(?:${host}/)?${component}(?:/${component})*(?::${tag})?(?:@${digest})?$`

const image = new RegExp(imagePattern)
const envName = new RegExp(envNamePattern)

/** Whether this text is the reference of an image. */
export function isImage(text: string): boolean {
  return text.length <= 1024 && image.test(text)
}

/** Whether a container can have a variable of this name. */
export function isEnvName(text: string): boolean {
  return envName.test(text)
}
