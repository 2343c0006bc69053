import { refuse } from "./faults.js";

/** Names of numbers below this are found by index. */
const denseLimit = 1024;

/** So many members are looked at one after the other before one is looked up. */
const fewMembers = 4;

/**
 * An enumeration on the wire: a number there, the member's name here. A number that is no member's stays a number,
 * both ways, so that what a newer server says survives.
 */
export class EnumCodec<Name extends string> {
  readonly #names: readonly Name[];
  readonly #numbers: readonly number[];
  readonly #byName: ReadonlyMap<unknown, number>;
  readonly #byNumber: ReadonlyMap<number, Name>;
  readonly #dense: readonly (Name | number)[];
  readonly #check: (value: number) => number;

  /**
   * @param members - what each name stands for; where two names have one value, the first is the one decoded
   * @param check - refuses a number that the enumeration's scalar cannot hold
   */
  constructor(members: Readonly<Record<Name, number>>, check: (value: number) => number) {
    const names: Name[] = [];
    const byName = new Map<unknown, number>();
    const byNumber = new Map<number, Name>();
    for (const name in members) {
      const value = members[name];
      names.push(name);
      byName.set(name, value);
      if (!byNumber.has(value)) byNumber.set(value, name);
    }
    const most = Math.max(-1, ...byNumber.keys());
    const length = Math.min(most + 1, denseLimit);
    this.#names = names;
    this.#numbers = [...byName.values()];
    this.#byName = byName;
    this.#byNumber = byNumber;
    this.#dense = Array.from({ length }, (_, value) => byNumber.get(value) ?? value);
    this.#check = check;
  }

  /** The name of a number; the number itself when it has none. */
  read(value: number): Name | number {
    return value >= 0 && value < this.#dense.length
      ? (this.#dense[value] ?? value)
      : (this.#byNumber.get(value) ?? value);
  }

  /** The number of a name, or the number itself. */
  write(value: Name | number): number {
    if (typeof value === "number") return this.#check(value);
    const names = this.#names;
    // Not indexOf: that is a call.
    for (let index = 0; index < names.length && index < fewMembers; index++) {
      if (names[index] === value) return this.#numbers[index] ?? 0;
    }
    return this.#byName.get(value) ?? refuse(`one of ${this.#names.join(", ")}, or a number`, value);
  }
}
