// Which texts name an image, and which an environment variable.

import { describe, expect, it } from "vitest"
import { isEnvName, isImage } from "../../src/api/image.ts"

const digest = `sha256:${"0123456789abcdef".repeat(4)}`

describe("isImage", () => {
  it.each([
    "busybox",
    "busybox:1.37",
    "library/busybox",
    "registry.example.com/team/web:17",
    "localhost:5000/web",
    "[2001:db8::1]:5000/web:tag",
    "Registry.Example.com/web",
    `busybox@${digest}`,
    `registry.k8s.io/pause:3.10@${digest}`,
    "a/b__c/d.e/f---g:V1_2-3.4",
  ])("takes %s", (text) => expect(isImage(text)).toBe(true))

  it.each([
    "",
    "-v",
    "--volume=/:/host",
    "--privileged",
    "-",
    "busy box",
    " busybox",
    "busybox ",
    "busybox\n",
    "busybox\0",
    "Busybox",
    "busybox:",
    "busybox:-tag",
    "busybox@sha256:abc",
    "/busybox",
    "busybox/",
    "a//b",
    "docker://busybox",
    "dir:/etc",
    "oci-archive:/tmp/x.tar",
    "$(params.image)",
    "busybox:$(params.tag)",
    "büsybox",
    "a".repeat(1025),
  ])("refuses %j", (text) => expect(isImage(text)).toBe(false))
})

describe("isEnvName", () => {
  it.each(["PATH", "a.b-c", "_", "1st", "a b", "*", "#x", "ünused".slice(1)])("takes %j", (text) =>
    expect(isEnvName(text)).toBe(true),
  )

  it.each(["", "A=B", "=", "A\n", "\0", "\x1b[2J", "\x7f", "ü", "a\u202eb"])("refuses %j", (text) =>
    expect(isEnvName(text)).toBe(false),
  )
})
