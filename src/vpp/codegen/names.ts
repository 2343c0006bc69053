/**
 * `sw_interface_dump` as `SwInterfaceDump`. Not reversible (`a_1` and `a1` meet), so names are handed out by a
 * `NameTable`, and every codec says VPP's own name.
 */
export function pascal(name: string): string {
  const parts = name.split("_").filter((part) => part !== "");
  const joined = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
  return /^[A-Za-z]/.test(joined) ? joined : `X${joined}`;
}

/** Hands out each name once. */
export class NameTable {
  readonly #taken: Set<string>;

  /** @param reserved - names that have a meaning in generated code already */
  constructor(reserved: Iterable<string>) {
    this.#taken = new Set(reserved);
  }

  /**
   * A name of which all `derived` forms are free, the wanted one if possible.
   *
   * @param derived - what will be declared for a name
   */
  claim(wanted: string, derived: (name: string) => readonly string[]): string {
    let name = wanted;
    while (derived(name).some((each) => this.#taken.has(each))) name += "_";
    for (const each of derived(name)) this.#taken.add(each);
    return name;
  }
}
