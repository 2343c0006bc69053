/** What a C comment of the API says: about the whole, and about each field. */
export interface Comment {
  readonly text: string;
  readonly params: ReadonlyMap<string, string>;
}

/** What can be said of the header's fields is the same everywhere. */
const empty: Comment = { text: "", params: new Map() };

/**
 * Reads a comment with `\brief` and `@param name - text` (in any of the ways that people wrote these), as vppapigen hands it
 * over since 23.02.
 */
export function readComment(raw: string): Comment {
  if (raw === "") return empty;
  const lines = raw
    .replace(/^\s*\/\*+/, "")
    .replace(/\*+\/\s*$/, "")
    .split(/\r\n|\r|\n|\u2028|\u2029/)
    .map((line) => line.replace(/^\s*\*?\s?/, "").trimEnd());
  const text: string[] = [];
  const params = new Map<string, string[]>();
  let into = text;
  for (const line of lines) {
    const param =
      /^\s*[@\\]param(?:\[[a-z, ]*\])?\s+`?([A-Za-z_]\w*)`?(?:\[\w*\])?\s*(?:[-:,=]+\s*)?(.*)$/.exec(line);
    const other = /^\s*[@\\](?!param)/.test(line);
    if (param !== null) {
      into = [param[2] ?? ""];
      params.set(param[1] ?? "", into);
    } else {
      if (other || (line.trim() === "" && into !== text)) into = text;
      into.push(line.replace(/^\s*[@\\]brief:?\s*/, "").trim());
    }
  }
  return {
    text: paragraph(text),
    params: new Map([...params].map(([name, parts]) => [name, paragraph(parts)])),
  };
}

/** Lines without the empty ones around them, and no two empty ones together. */
function paragraph(lines: readonly string[]): string {
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
