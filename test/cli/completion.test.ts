// The completion script, in a real bash: what does Tab offer?

import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { folder, peanut } from "./run-peanut.ts"

let script: string
beforeAll(async () => {
  const { code, stdout } = await peanut(["--completions", "bash"]).ended
  expect(code).toBe(0)
  script = join(folder({ "completion.bash": stdout }), "completion.bash")
})

/** What bash offers for the last of these words, which is not complete yet. */
function offers(line: string): readonly string[] {
  const words = line.split(" ")
  const text = execFileSync(
    "bash",
    [
      "-c",
      `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
       _peanut peanut "\${COMP_WORDS[COMP_CWORD]}"; printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      ...words,
    ],
    { encoding: "utf8" },
  )
  return text.split("\n").filter((word) => word !== "")
}

describe("completion in bash", () => {
  it("offers commands", () => {
    expect(offers("peanut ")).toEqual(
      expect.arrayContaining(["run", "validate", "graph", "start", "list", "ls", "get", "watch", "logs", "approve"]),
    )
    expect(offers("peanut re")).toEqual(["resume", "rerun"])
  })

  it("offers the flags of a command, but those that are given", () => {
    expect(offers("peanut logs web-1 --")).toEqual(
      expect.arrayContaining(["--follow", "--container", "--namespace", "--context", "--kubeconfig"]),
    )
    expect(offers("peanut logs web-1 -f --fo")).toEqual([])
    expect(offers("peanut start web --wa")).toEqual(["--wait", "--watch"])
  })

  it("offers the values that a flag or an argument can have", () => {
    expect(offers("peanut list -o ")).toEqual(["json", "yaml", "name", "wide"])
    expect(offers("peanut list p")).toEqual(["pipelines"])
    const path = folder({ "config.yaml": "" })
    expect(offers(`peanut get web-1 --kubeconfig ${path}/con`)).toEqual([`${path}/config.yaml`])
  })
})

it.each(["zsh", "fish"] as const)("there is a script for %s", async (shell) => {
  const { code, stdout } = await peanut(["--completions", shell]).ended
  expect(code).toBe(0)
  for (const word of ["approve", "all-namespaces", "kubeconfig"]) expect(stdout).toContain(word)
})
