import type { KeyPart } from "./key-part.js";
import { Trie, type TrieEditor } from "./trie.js";

/** In place of a value: the key is there no more. */
const gone: unique symbol = Symbol("gone");

/** What has changed since the base was made. */
type Changes<K extends KeyPart, V> = Trie<K, V | typeof gone>;

/** So many changes are kept beside a base, or an eighth as many as it has entries. Then a new base is made. */
const fewChanges = 64;

const noBase: ReadonlyMap<never, never> = new Map<never, never>();

/**
 * A map that never changes. A changed one is made by an editor, and shares with it all but what differs: the base, a `Map`,
 * which V8 fills and looks up far more quickly than any tree, and a tree of the changes since.
 */
export class PersistentMap<K extends KeyPart, V> {
  readonly size: number;
  readonly #base: ReadonlyMap<K, V>;
  readonly #changes: Changes<K, V>;

  /** @internal */
  constructor(base: ReadonlyMap<K, V>, changes: Changes<K, V>, size: number) {
    this.#base = base;
    this.#changes = changes;
    this.size = size;
  }

  /** The map without entries. */
  static empty<K extends KeyPart, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(noBase, Trie.empty(), 0);
  }

  get(key: K): V | undefined {
    return find(this.#base, this.#changes, key);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** The values, in no promised order. */
  values(): V[] {
    if (this.#changes.size === 0) return [...this.#base.values()];
    const changes = new Map<K, V | typeof gone>();
    this.#changes.forEach((key, value) => void changes.set(key, value));
    const values: V[] = [];
    for (const [key, value] of this.#base) {
      const change = changes.get(key);
      if (change === undefined) values.push(value);
      else if (change !== gone) values.push(change);
      if (change !== undefined) changes.delete(key);
    }
    for (const value of changes.values()) if (value !== gone) values.push(value);
    return values;
  }

  /** Begins a changed map; this one stays as it is. */
  edit(): MapEditor<K, V> {
    return new MapEditor<K, V>(this.#base, this.#changes, this.size);
  }
}

/** A map while it is being changed. Values are anything but `undefined`. */
export class MapEditor<K extends KeyPart, V> {
  /** A new base, which nobody else has yet: what is changed is changed in it. */
  #own: Map<K, V> | undefined;
  #base: ReadonlyMap<K, V>;
  #changes: TrieEditor<K, V | typeof gone>;
  #size: number;

  /** @internal */
  constructor(base: ReadonlyMap<K, V>, changes: Changes<K, V>, size: number) {
    this.#own = size === 0 ? new Map<K, V>() : undefined;
    this.#base = base;
    this.#changes = changes.edit();
    this.#size = size;
  }

  get size(): number {
    return this.#own?.size ?? this.#size;
  }

  get(key: K): V | undefined {
    return this.#own === undefined ? find(this.#base, this.#changes, key) : this.#own.get(key);
  }

  set(key: K, value: V): void {
    if (this.#own !== undefined) this.#own.set(key, value);
    else this.#change(key, value, this.get(key) === undefined ? 1 : 0);
  }

  /** Sets it where there is none yet. Else leaves it, and gives what is there. */
  add(key: K, value: V): V | undefined {
    const present = this.get(key);
    if (present !== undefined) return present;
    if (this.#own !== undefined) this.#own.set(key, value);
    else this.#change(key, value, 1);
    return undefined;
  }

  /** Gives what was there. */
  delete(key: K): V | undefined {
    const present = this.get(key);
    if (present === undefined) return undefined;
    if (this.#own !== undefined) this.#own.delete(key);
    else this.#change(key, gone, -1);
    return present;
  }

  /** The map as it is now. The editor may go on: it changes nothing that the map holds. */
  freeze(): PersistentMap<K, V> {
    if (this.#own !== undefined) {
      this.#base = this.#own;
      this.#size = this.#own.size;
      this.#changes = Trie.empty<K, V | typeof gone>().edit();
      this.#own = undefined;
    }
    return new PersistentMap<K, V>(this.#base, this.#changes.freeze(), this.#size);
  }

  #change(key: K, value: V | typeof gone, growth: number): void {
    const changes = this.#changes;
    this.#size += growth;
    if (value === gone && !this.#base.has(key)) changes.delete(key);
    else changes.set(key, value);
    if (changes.size > fewChanges && changes.size > this.#base.size / 8)
      this.#own = changed(this.#base, changes.freeze());
  }
}

function find<K extends KeyPart, V>(
  base: ReadonlyMap<K, V>,
  changes: Pick<Changes<K, V>, "get" | "size">,
  key: K,
): V | undefined {
  const value = changes.size === 0 ? undefined : changes.get(key);
  if (value === undefined) return base.get(key);
  return value === gone ? undefined : value;
}

/** A base with the changes made. */
function changed<K extends KeyPart, V>(base: ReadonlyMap<K, V>, changes: Changes<K, V>): Map<K, V> {
  const all = new Map(base);
  changes.forEach((key, value) => {
    if (value === gone) all.delete(key);
    else all.set(key, value);
  });
  return all;
}
