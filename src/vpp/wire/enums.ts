import { refuse } from "./faults.js";

/** Names of up to this value are found by index. */
const denseLimit = 1024;

/**
 * An enumeration on the wire: a number there, the member's name here. A number that is no member's stays a number,
 * both ways, so that what a newer server says survives.
 */
export class EnumCodec<Name extends string> {
  readonly #values: ReadonlyMap<unknown, number>;
  readonly #dense: readonly (Name | number)[];
  readonly #sparse: ReadonlyMap<number, Name>;
  readonly #check: (value: number) => number;

  /**
   * @param members - what each name stands for; where two names have one value, the first is the one decoded
   * @param check - refuses a number that the enumeration's scalar cannot hold
   */
  constructor(members: Readonly<Record<Name, number>>, check: (value: number) => number) {
    const values = new Map<string, number>();
    const names = new Map<number, Name>();
    for (const name in members) {
      const value = members[name];
      values.set(name, value);
      if (!names.has(value)) names.set(value, name);
    }
    this.#values = values;
    this.#sparse = names;
    const most = Math.max(-1, ...names.keys());
    this.#dense = Array.from(
      { length: Math.min(most + 1, denseLimit) },
      (_, value) => this.#sparse.get(value) ?? value,
    );
    this.#check = check;
  }

  /** The name of a number; the number itself when it has none. */
  read(value: number): Name | number {
    return value >= 0 && value < this.#dense.length
      ? (this.#dense[value] ?? value)
      : (this.#sparse.get(value) ?? value);
  }

  /** The number of a name, or the number itself. */
  write(value: Name | number): number {
    if (typeof value === "number") return this.#check(value);
    return (
      this.#values.get(value) ?? refuse(`one of ${[...this.#values.keys()].join(", ")}, or a number`, value)
    );
  }
}
