import stringWidth from "string-width";

/** Rows as aligned columns, two spaces apart; empty columns are left out. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = headings
    .map((_, column) => column)
    .filter((column) => rows.some((row) => row[column] !== ""));
  const lines = [headings, ...rows].map((row) => columns.map((column) => row[column] ?? ""));
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => stringWidth(line[index] ?? ""))));
  return lines
    .map((line) =>
      line
        .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - stringWidth(cell)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
