// What is installed: the rendered install.yaml is config/default as it is now, and the image has one place.

import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { expect, it } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { render } from "../../scripts/render.ts"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { findPrograms } from "../control-plane/programs.ts"
import { repository } from "./world.ts"

interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

const text = readFileSync(repository("install.yaml"), "utf8")
const docs = readFileSync(repository("docs/install.md"), "utf8")
const manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest)

describeWithControlPlane("install.yaml", () => {
  it("is what config/default renders to (else: node scripts/render.ts)", () => {
    expect(render(join(findPrograms()!, "kubectl")) === text).toBe(true)
  })

  it("labels everything with what it belongs to", () => {
    const labels = { "app.kubernetes.io/name": "peanut", "app.kubernetes.io/part-of": "peanut" }
    for (const { kind, metadata } of manifests) expect({ kind, ...metadata }).toMatchObject({ labels })
  })

  it("gives nothing of its own the label by which the source selects Jobs and pods", () => {
    const labels = parseAllDocuments(text).flatMap((document) => {
      const { metadata, spec } = document.toJS() as Manifest & { spec?: { template?: Partial<Manifest> } }
      return [metadata.labels, spec?.template?.metadata?.labels]
    })
    for (const own of labels) expect(own ?? {}).not.toHaveProperty(["app.kubernetes.io/managed-by"])
  })

  it("names one image, under a host where nobody can publish one (RFC 2606)", () => {
    expect(text.match(/^ +(?:- )?image: .*$/gm)).toEqual([
      expect.stringMatching(/ image: registry\.invalid\/peanut:[\d.]+$/),
    ])
  })

  it("takes your image from the command that docs/install.md shows", () => {
    const [, command] = /^(sed .* install\.yaml) \| kubectl apply -f -$/m.exec(docs) ?? []
    const set = execFileSync("sh", ["-c", command!], { cwd: repository("."), encoding: "utf8" })
    expect(set).toBe(text.replace("registry.invalid/peanut:0.1.0", "REGISTRY/peanut:0.1.0"))
    expect(set).not.toBe(text)
  })
})

describeWithControlPlane("an overlay", () => {
  /** What the overlay that docs/install.md shows renders to. */
  function overlay(base: string, ...components: readonly string[]): string {
    const folder = mkdtempSync(join(tmpdir(), "peanut-overlay-"))
    const [, images] = /^images:\n {2}- (\{.*\})$/m.exec(docs) ?? []
    const at = (path: string) => relative(folder, repository(`config/${path}`))
    const kustomization = {
      resources: [at(base)],
      components: components.map(at),
      images: [parse(images!.replace("REGISTRY", "registry.example"))],
    }
    try {
      writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization))
      return execFileSync(join(findPrograms()!, "kubectl"), ["kustomize", folder], { encoding: "utf8" })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it.each([
    ["default", "peanut-system"],
    ["namespaced", "peanut-team-a"],
  ])("on config/%s puts everything of Peanut's own into the namespace %s", (base, namespace) => {
    const rendered = overlay(base, "sink", "oidc")
    const own = parseAllDocuments(rendered)
      .map((document) => document.toJS() as Manifest)
      .filter(({ kind }) => !/^(Role|RoleBinding)$/.test(kind) && isNamespaced(kind))
    expect(own.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining([
        "ServiceAccount",
        "Service",
        "ApiServerSource",
        "PingSource",
        "SinkBinding",
        "NetworkPolicy",
      ]),
    )
    for (const { kind, metadata } of own) expect({ kind, ...metadata }).toMatchObject({ namespace })
    const others = namespace === "peanut-system" ? "peanut-team-a|team-a|default" : "peanut-system|default"
    expect(rendered).not.toMatch(new RegExp(`namespace: (${others})$|serviceaccount:(${others}):`, "m"))
    expect(rendered).toContain("image: registry.example/peanut:0.1.0")
    expect(rendered.match(/audience: peanut$/gm)).toHaveLength(2)
    const account = (name: string) => `system:serviceaccount:${namespace}:${name}`
    expect(rendered).toContain(
      [
        account("peanut-oidc-sources.knative.dev-apiserversource"),
        account("peanut-resync-oidc-sources.knative.dev-pingsource"),
      ].join(","),
    )
  })

  it("on config/namespaced serves one namespace, with rights in that one alone", () => {
    const manifests = parseAllDocuments(overlay("namespaced")).map((document) => document.toJS())
    const kinds = (pattern: RegExp) => manifests.filter(({ kind }) => pattern.test(kind))
    expect(kinds(/^Cluster/)).toEqual([])
    expect(kinds(/^Namespace$/)).toMatchObject([{ metadata: { name: "peanut-team-a" } }])
    expect(kinds(/^Role/)).toHaveLength(4)
    for (const { metadata, subjects } of kinds(/^Role/)) {
      expect(metadata.namespace).toBe("team-a")
      for (const subject of subjects ?? []) expect(subject.namespace).toBe("peanut-team-a")
    }
    expect(kinds(/^ApiServerSource$/)[0].spec.namespaceSelector).toEqual({
      matchLabels: { "kubernetes.io/metadata.name": "team-a" },
    })
    const [service] = kinds(/^Service$/)
    expect(service.spec.template.spec.containers[0].env).toContainEqual({ name: "PEANUT_NAMESPACE", value: "team-a" })
  })
})

const isNamespaced = (kind: string) => !/^(Namespace|CustomResourceDefinition|Cluster.*)$/.test(kind)
