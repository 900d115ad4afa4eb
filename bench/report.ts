// What a bench found, as plain data and as Markdown, so that any number of benches can be collected into one document
// and a later run can be compared with an earlier one.

export interface Report {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Whole sentences: how it was measured, and what is worth seeing in the table. */
  readonly notes: readonly string[]
  readonly targets: readonly Target[]
}

export type Cell = string | number

export interface Target {
  readonly name: string
  readonly measured: number
  readonly atMost: number
  readonly unit: string
  /** Counts are the same on every machine, so a missed one is a failure; times only say how fast this machine is. */
  readonly kind: "count" | "time"
}

export const isMet = ({ measured, atMost }: Target) => measured <= atMost

export function markdown(report: Report): string {
  const { title, columns, rows, notes, targets } = report
  const parts = [
    `## ${title}`,
    table(columns, rows),
    ...(targets.length > 0 ? [table(["Target", "Limit", "Measured", ""], targets.map(targetRow))] : []),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join("\n")] : []),
  ]
  return `${parts.join("\n\n")}\n`
}

const targetRow = (target: Target): readonly Cell[] => {
  const { name, measured, atMost, unit } = target
  const text = (value: number) => `${shown(value)} ${unit}`.trim()
  return [name, `≤ ${text(atMost)}`, text(measured), isMet(target) ? "met" : "missed"]
}

/** Prints reports and judges them. */
export function publish(reports: readonly Report[]): void {
  for (const report of reports) console.log(markdown(report))
  judge(reports)
}

/** Makes a missed count the failure of this process. */
export function judge(reports: readonly Report[]): void {
  const isMissed = reports.some(({ targets }) => targets.some((target) => target.kind === "count" && !isMet(target)))
  process.exitCode = isMissed ? 1 : 0
}

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns, ...rows].map((cells) => cells.map(shown))
  const widths = columns.map((_, i) => Math.max(3, ...lines.map((cells) => cells[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`
  return [line(lines[0]!), rule, ...lines.slice(1).map(line)].join("\n")
}

/** Three digits that count, and no more. */
function shown(cell: Cell): string {
  if (typeof cell === "string") return cell
  if (Number.isNaN(cell)) return "-"
  const digits = Math.abs(cell) >= 100 || Number.isInteger(cell) ? 0 : Math.abs(cell) >= 10 ? 1 : 2
  return cell.toFixed(digits)
}
