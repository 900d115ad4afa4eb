import { describe, expect, test } from "vitest"
import { readScript } from "./container-script.ts"

describe("readScript", () => {
  const script = (text: string, env: Record<string, string> = {}) =>
    readScript({ name: "stage", command: ["sh", "-c"], args: [text] }, new Map(Object.entries(env)))

  test("knows sleep, true and false without a shell", () => {
    const run = (...command: string[]) => readScript({ name: "stage", command }, new Map())
    expect(run("sleep", "10")).toMatchObject({ seconds: 10, exitCode: 0 })
    expect(run("true")).toMatchObject({ seconds: 0, exitCode: 0 })
    expect(run("false")).toMatchObject({ seconds: 0, exitCode: 1 })
    expect(run("hold")).toMatchObject({ isHeld: true })
  })

  test("lets a program that it does not know succeed at once", () => {
    expect(readScript({ name: "stage" }, new Map())).toMatchObject({ seconds: 0, exitCode: 0 })
    expect(script("make all; npm test")).toMatchObject({ seconds: 0, exitCode: 0 })
  })

  test("ends a script at its exit", () => {
    expect(script("sleep 1; sleep 2\nexit 3; sleep 4")).toMatchObject({ seconds: 3, exitCode: 3 })
  })

  test("goes on after a failure at `;`, and not at `&&`", () => {
    expect(script("false; true")).toMatchObject({ exitCode: 0 })
    expect(script("false && sleep 1 && true")).toMatchObject({ exitCode: 1, seconds: 0 })
  })

  test("replaces variables outside single quotes", () => {
    expect(script("exit $CODE", { CODE: "4" })).toMatchObject({ exitCode: 4 })
    const env = { OUT: "/dev/termination-log", A: "x" }
    expect(script(`echo "a=\${A};b" >> "$OUT"; echo 'c=$A' >> $OUT`, env).message).toBe("a=x;b\nc=$A\n")
  })

  test("replaces `$(NAME)` as a kubelet does, and leaves what it does not know", () => {
    expect(script("echo '$$(A) $(A) $$$$'> /dev/termination-log", { A: "x" }).message).toBe("$(A) x $$\n")
    const container = { name: "stage", command: ["sleep", "$(FOR)"], args: ["$(UNKNOWN)"] }
    expect(readScript(container, new Map([["FOR", "7"]]))).toMatchObject({ seconds: 7 })
  })

  test("keeps only what goes to the termination message", () => {
    expect(script("echo a > /tmp/file; echo b; printf 'x=1\\ny=2\\n' > /dev/termination-log").message).toBe(
      "x=1\ny=2\n",
    )
  })
})
