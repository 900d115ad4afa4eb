// What of a stage an engine's command line cannot be told. The engine is not called for it either; here it gets its line.

import { imageMistake, messagePathMistake, variableMistake } from "../../cluster/local/engine-command.ts"
import { effective } from "../../manifests/effective.ts"
import type { Manifest } from "../../manifests/manifest.ts"
import type { Finding } from "../../manifests/path.ts"
import { valueAt } from "../../manifests/plain.ts"

export function engineMistakes({ object }: Manifest): readonly Finding[] {
  const image = effective(object, "image")
  const message = effective(object, "terminationMessagePath")
  const env = effective(object, "env")
  const texts: readonly (readonly [Finding["path"], string | undefined])[] = [
    [image.path, typeof image.value === "string" ? imageMistake(image.value) : undefined],
    [message.path, typeof message.value === "string" && message.value ? messagePathMistake(message.value) : undefined],
    ...env.list.map((variable, index) => {
      const [name, value] = [valueAt(variable, ["name"]), valueAt(variable, ["value"])]
      const mistake =
        typeof name === "string" ? variableMistake(name, typeof value === "string" ? value : "") : undefined
      return [[...env.path, index], mistake] as const
    }),
  ]
  return texts.flatMap(([path, message]) => (message === undefined ? [] : [{ path, message }]))
}
