import { describe, expect, it } from "vitest"
import { normalized } from "../../src/cli/arguments.ts"

describe("the arguments of the command line", () => {
  const cases: readonly [string, string, string][] = [
    ["are taken as they are", "list -n team -o json", "list -n team -o json"],
    ["may have a value right behind a short flag", "list -nteam -ojson", "list -n=team -o=json"],
    ["may have it behind several short flags", "list -Aojson", "list -Ao=json"],
    ["may have it behind a sign", "list -n=team -o=json", "list -n=team -o=json"],
    ["may begin with the cluster, as for kubectl", "-n team --context=x list -A", "list -A -n team --context=x"],
    ["may have values with signs in them", "start web -pa=b=c", "start web -p=a=b=c"],
    ["keep short flags without values", "logs web-1 -f", "logs web-1 -f"],
    ["keep long flags and paths", "run --quiet a/-nb -", "run --quiet a/-nb -"],
    ["are left alone behind --", "get -nteam -- -nx", "get -n=team -- -nx"],
    ["may be none, or none but flags", "-n team", "-n team"],
  ]
  it.each(cases)("%s", (_, typed, parsed) => expect(normalized(typed.split(" ")).join(" ")).toBe(parsed))

  it("may be none at all", () => expect(normalized([])).toEqual([]))
})
