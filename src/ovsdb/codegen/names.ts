/** In the order of their names' code units, which no locale changes. */
export function byName<T extends { readonly name: string }>(items: Iterable<T>): readonly T[] {
  return [...items].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
