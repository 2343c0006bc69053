import stringWidth from "string-width";

/** Rows as aligned columns, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell));
  const pad = (cell: string, index: number): string =>
    cell + " ".repeat((widths[index] ?? 0) - stringWidth(cell));
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** Rows under headings; a column without any content is left out. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const full = headings.map((_, index) => index).filter((index) => rows.some((row) => row[index] !== ""));
  return columns([headings, ...rows].map((row) => full.map((index) => row[index] ?? "")));
}
