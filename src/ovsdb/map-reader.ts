import type { AtomCodec } from "./atom.js";
import { fault, Fault } from "./fault.js";
import { isArray } from "./json.js";
import type { Atom } from "./value.js";

/**
 * Reads the maps of a column. The next row has mostly the same keys, and often the same map: it remembers the last one,
 * so that neither is in memory once for every row.
 */
export class MapReader {
  readonly #key: AtomCodec;
  readonly #value: AtomCodec;
  #last: ReadonlyMap<Atom, Atom> = new Map();
  /** The pairs of the last map, and behind them what longer ones before it had there. */
  readonly #keys: Atom[] = [];
  readonly #values: Atom[] = [];

  constructor(key: AtomCodec, value: AtomCodec) {
    this.#key = key;
    this.#value = value;
  }

  /** The map of at least one pair, each `[key, value]`. */
  read(pairs: readonly unknown[]): ReadonlyMap<Atom, Atom> | Fault {
    const keys = this.#keys;
    const values = this.#values;
    let map = pairs.length === this.#last.size ? undefined : new Map<Atom, Atom>();
    for (let at = 0; at < pairs.length; at += 1) {
      const pair = pairs[at];
      if (!isArray(pair) || pair.length !== 2) return this.#refuse(fault("a pair of key and value", pair));
      const key = this.#key.decode(pair[0]);
      if (key instanceof Fault) return this.#refuse(key);
      const value = this.#value.decode(pair[1]);
      if (value instanceof Fault) return this.#refuse(value);
      if (map === undefined && (key !== keys[at] || !Object.is(value, values[at]))) map = this.#beginning(at);
      if (key !== keys[at]) keys[at] = key;
      values[at] = value;
      // Of two equal strings the older one is kept.
      map?.set(keys[at] ?? key, value);
    }
    if (map === undefined) return this.#last;
    if (map.size !== pairs.length) return this.#refuse(fault("each key once", ["map", pairs]));
    this.#last = map;
    return map;
  }

  /** A map of the pairs before that place. */
  #beginning(end: number): Map<Atom, Atom> {
    const map = new Map<Atom, Atom>();
    for (const [key, value] of this.#last) {
      if (map.size === end) break;
      map.set(key, value);
    }
    return map;
  }

  #refuse(found: Fault): Fault {
    // Its pairs are known no more.
    this.#last = new Map();
    return found;
  }
}
