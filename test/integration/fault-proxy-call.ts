// What a request to the API server asks for, read from its method and path: rules of the fault proxy are told in
// these words.

export interface ApiCall {
  /** Verb, resource and subresource, as roles name them: `get jobs`, `patch peanutpipelineexecutions/status`. */
  readonly what: string
  readonly group: string
  readonly resource: string
  /** Undefined for a list over all namespaces. */
  readonly namespace: string | undefined
  /** Empty for lists and creations. */
  readonly name: string
}

/** Undefined for what is no request about objects, such as `/readyz`. */
export function apiCall(method: string, url: string): ApiCall | undefined {
  const { pathname } = new URL(url, "https://api")
  const [, group = "", namespace, resource, name = "", subresource] =
    /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(pathname) ??
    []
  if (resource === undefined) return undefined
  const verb = verbs[method] ?? (name === "" ? "list" : "get")
  return { what: `${verb} ${resource}${subresource ? `/${subresource}` : ""}`, group, resource, namespace, name }
}

const verbs: Readonly<Record<string, string>> = { POST: "create", PATCH: "patch", PUT: "update", DELETE: "delete" }
