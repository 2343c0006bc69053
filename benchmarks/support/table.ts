/** One cell, already written out. */
type Row = readonly string[];

/** A Markdown table, padded so that it reads in a terminal too. The first column is text, the others are figures. */
export function table(heading: Row, rows: readonly Row[]): string {
  const widths = heading.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: Row): string =>
    `| ${widths
      .map((width, column) =>
        column === 0 ? (row[column] ?? "").padEnd(width) : (row[column] ?? "").padStart(width),
      )
      .join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(heading), line(rule), ...rows.map((row) => line(row))].join("\n");
}
