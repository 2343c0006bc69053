/** In the order of their names' code units, which no locale changes. */
export function byName<T extends { readonly name: string }>(items: Iterable<T>): readonly T[] {
  return [...items].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A string literal. The two line separators that JSON lets stand end a line for some readers of code. */
export function quoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}
