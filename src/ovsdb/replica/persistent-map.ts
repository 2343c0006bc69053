import type { KeyPart } from "./key-part.js";

const bits = 5;
const width = 1 << bits;
const mask = width - 1;
/** A leaf of more entries becomes a branch, as long as the keys' hashes have bits left. */
const mostInLeaf = 12;
const lastShift = 30;

/** A leaf with entries, or a branch with children. One shape for both: it is what every lookup looks at. */
class Node<V> {
  /** Only the editor that is this may write to the node; everybody else copies it first. */
  readonly owner: object;
  readonly children: (Node<V> | undefined)[] | undefined;
  readonly keys: KeyPart[];
  readonly values: V[];

  constructor(
    owner: object,
    children: (Node<V> | undefined)[] | undefined,
    keys: KeyPart[] = none,
    values: V[] = [],
  ) {
    this.owner = owner;
    this.children = children;
    this.keys = keys;
    this.values = values;
  }

  copy(owner: object): Node<V> {
    const { children } = this;
    return children === undefined
      ? new Node(owner, undefined, this.keys.slice(), this.values.slice())
      : new Node(owner, children.slice(), none, this.values);
  }
}

const none: KeyPart[] = [];
const nothing = new Node<never>({}, undefined);

/**
 * A map that never changes. A changed one is made by an editor, shares with it all but the few nodes on the way to
 * what differs, and costs as little whatever the size. (A hash array mapped trie: Bagwell, "Ideal Hash Trees", 2001.)
 */
export class PersistentMap<K extends KeyPart, V> {
  readonly size: number;
  readonly #root: Node<V>;

  private constructor(root: Node<V>, size: number) {
    this.#root = root;
    this.size = size;
  }

  /** The map without entries. */
  static empty<K extends KeyPart, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>(nothing, 0);
  }

  get(key: K): V | undefined {
    return find(this.#root, key, hashOf(key));
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** The values, in no promised order. */
  values(): V[] {
    const values: V[] = [];
    collect(this.#root, values);
    return values;
  }

  /** Begins a changed map; this one stays as it is. */
  edit(): MapEditor<K, V> {
    return new MapEditor<K, V>(this.#root, this.size, (root, size) => new PersistentMap<K, V>(root, size));
  }
}

/** A map while it is being changed. Values are anything but `undefined`. */
export class MapEditor<K extends KeyPart, V> {
  #root: Node<V>;
  #size: number;
  #owner = {};
  readonly #make: (root: Node<V>, size: number) => PersistentMap<K, V>;

  /** @internal */
  constructor(root: Node<V>, size: number, make: (root: Node<V>, size: number) => PersistentMap<K, V>) {
    this.#root = root;
    this.#size = size;
    this.#make = make;
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return find(this.#root, key, hashOf(key));
  }

  set(key: K, value: V): void {
    const hash = hashOf(key);
    const leaf = this.#leafFor(hash);
    const at = indexIn(leaf.keys, key);
    if (at >= 0) {
      leaf.values[at] = value;
      return;
    }
    leaf.keys.push(key);
    leaf.values.push(value);
    this.#size += 1;
    if (leaf.keys.length > mostInLeaf) this.#split(hash);
  }

  /** Whether it was there. */
  delete(key: K): boolean {
    const hash = hashOf(key);
    if (find(this.#root, key, hash) === undefined) return false;
    const leaf = this.#leafFor(hash);
    const at = indexIn(leaf.keys, key);
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    this.#size -= 1;
    if (this.#size === 0) this.#root = nothing;
    return true;
  }

  /** The map as it is now. The editor may go on: it copies what the map holds. */
  freeze(): PersistentMap<K, V> {
    this.#owner = {};
    return this.#make(this.#root, this.#size);
  }

  /** The leaf where that hash belongs, ready to be written to. */
  #leafFor(hash: number): Node<V> {
    const owner = this.#owner;
    if (this.#root.owner !== owner) this.#root = this.#root.copy(owner);
    let node = this.#root;
    for (let rest = hash; node.children !== undefined; rest >>>= bits) {
      const at = rest & mask;
      let child: Node<V> | undefined = node.children[at];
      if (child === undefined) child = node.children[at] = new Node<V>(owner, undefined, [], []);
      else if (child.owner !== owner) child = node.children[at] = child.copy(owner);
      node = child;
    }
    return node;
  }

  /** Makes a branch of the leaf where that hash belongs. */
  #split(hash: number): void {
    let parent: (Node<V> | undefined)[] | undefined;
    let node = this.#root;
    let shift = 0;
    for (; node.children !== undefined; shift += bits) {
      parent = node.children;
      node = parent[(hash >>> shift) & mask] ?? node;
    }
    if (shift > lastShift) return;
    const branch = branchOf(node, shift, this.#owner);
    if (parent === undefined) this.#root = branch;
    else parent[(hash >>> (shift - bits)) & mask] = branch;
  }
}

function find<V>(root: Node<V>, key: KeyPart, hash: number): V | undefined {
  let node = root;
  for (let rest = hash; node.children !== undefined; rest >>>= bits) {
    const child = node.children[rest & mask];
    if (child === undefined) return undefined;
    node = child;
  }
  const at = indexIn(node.keys, key);
  return at < 0 ? undefined : node.values[at];
}

/** As `indexOf`, which for so few is slower than a loop. */
function indexIn(keys: readonly KeyPart[], key: KeyPart): number {
  for (let at = 0; at < keys.length; at += 1) if (keys[at] === key) return at;
  return -1;
}

function branchOf<V>(leaf: Node<V>, shift: number, owner: object): Node<V> {
  const children: (Node<V> | undefined)[] = [];
  for (let slot = 0; slot < width; slot += 1) children.push(undefined);
  for (const [at, value] of leaf.values.entries()) {
    const key = leaf.keys[at] ?? null;
    const child = (children[(hashOf(key) >>> shift) & mask] ??= new Node<V>(owner, undefined, [], []));
    child.keys.push(key);
    child.values.push(value);
  }
  return new Node<V>(owner, children);
}

function collect<V>(node: Node<V>, into: V[]): void {
  if (node.children === undefined) for (const value of node.values) into.push(value);
  else for (const child of node.children) if (child !== undefined) collect(child, into);
}

/** FNV-1a, stirred so that its low bits depend on all characters. */
function hashOf(key: KeyPart): number {
  if (typeof key === "number") return stir(Number.isInteger(key) ? key | 0 : hashOfText(String(key)));
  return stir(hashOfText(typeof key === "string" ? key : String(key)));
}

function hashOfText(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash;
}

function stir(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x45d9_f3b);
  return (once ^ (once >>> 16)) >>> 0;
}
