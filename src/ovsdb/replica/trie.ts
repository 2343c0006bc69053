import type { KeyPart } from "./key-part.js";

const bits = 3;
const width = 1 << bits;
const mask = width - 1;
/**
 * A leaf of more entries becomes a branch, as long as the keys' hashes have bits left. An array that grows has room for
 * 17, and then for 41: with narrower leaves more of the memory of a tree is room that nothing is in.
 */
const mostInLeaf = 41;
const lastShift = 27;

/** A leaf with entries, or a branch with children. One shape for both: it is what every lookup looks at. */
class Node<K extends KeyPart, V> {
  /** Only the editor that is this may write to the node; everybody else copies it first. */
  readonly owner: object;
  readonly children: Node<K, V>[] | undefined;
  /** Of each key: to compare them costs nothing, while every other key that is looked at is a miss of the cache. */
  readonly hashes: number[];
  readonly keys: K[];
  readonly values: V[];

  constructor(owner: object, children: Node<K, V>[] | undefined, hashes: number[], keys: K[], values: V[]) {
    this.owner = owner;
    this.children = children;
    this.hashes = hashes;
    this.keys = keys;
    this.values = values;
  }

  static leaf<K extends KeyPart, V>(owner: object): Node<K, V> {
    return new Node<K, V>(owner, undefined, [], [], []);
  }

  static branch<K extends KeyPart, V>(owner: object, children: Node<K, V>[]): Node<K, V> {
    return new Node<K, V>(owner, children, noHashes, noEntries, noEntries);
  }

  copy(owner: object): Node<K, V> {
    const { children, hashes, keys, values } = this;
    return children === undefined
      ? new Node(owner, undefined, hashes.slice(), keys.slice(), values.slice())
      : Node.branch(owner, children.slice());
  }

  /** Where the key stands in a leaf; -1 where it does not. */
  placeOf(hash: number, key: K): number {
    const { hashes, keys } = this;
    for (let at = 0; at < hashes.length; at += 1) if (hashes[at] === hash && keys[at] === key) return at;
    return -1;
  }

  append(hash: number, key: K, value: V): void {
    this.hashes.push(hash);
    this.keys.push(key);
    this.values.push(value);
  }

  /** Takes an entry out. The last one takes its place. */
  remove(at: number): void {
    const hash = this.hashes.pop();
    const key = this.keys.pop();
    const value = this.values.pop();
    if (at === this.hashes.length || hash === undefined || key === undefined || value === undefined) return;
    this.hashes[at] = hash;
    this.keys[at] = key;
    this.values[at] = value;
  }
}

const noHashes: number[] = [];
const noEntries: never[] = [];
const nothing = Node.leaf<never, never>({});

/**
 * A tree of entries that never changes. A changed one is made by an editor, shares with it all but the few nodes on the way
 * to what differs, and costs as little whatever the size. (A hash array mapped trie: Bagwell, "Ideal Hash Trees", 2001.)
 */
export class Trie<K extends KeyPart, V> {
  readonly size: number;
  readonly #root: Node<K, V>;

  /** @internal */
  constructor(root: Node<K, V>, size: number) {
    this.#root = root;
    this.size = size;
  }

  /** The tree without entries. */
  static empty<K extends KeyPart, V>(): Trie<K, V> {
    return new Trie<K, V>(nothing, 0);
  }

  get(key: K): V | undefined {
    return find(this.#root, key, hashOf(key));
  }

  /** Calls `each` with every entry, in no promised order. */
  forEach(each: (key: K, value: V) => void): void {
    visit(this.#root, each);
  }

  /** Begins a changed tree; this one stays as it is. */
  edit(): TrieEditor<K, V> {
    return new TrieEditor<K, V>(this.#root, this.size);
  }
}

/** A tree while it is being changed. Values are anything but `undefined`. */
export class TrieEditor<K extends KeyPart, V> {
  #root: Node<K, V>;
  #size: number;
  #owner = {};

  /** @internal */
  constructor(root: Node<K, V>, size: number) {
    this.#root = size === 0 ? Node.leaf<K, V>(this.#owner) : root;
    this.#size = size;
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
    const at = leaf.placeOf(hash, key);
    if (at >= 0) {
      leaf.values[at] = value;
      return;
    }
    leaf.append(hash, key, value);
    this.#size += 1;
    if (leaf.keys.length > mostInLeaf) this.#split(hash);
  }

  delete(key: K): void {
    const hash = hashOf(key);
    const leaf = this.#leafFor(hash);
    const at = leaf.placeOf(hash, key);
    if (at < 0) return;
    leaf.remove(at);
    this.#size -= 1;
    if (this.#size === 0) this.#root = Node.leaf<K, V>(this.#owner);
  }

  /** The tree as it is now. The editor may go on: it copies what the tree holds. */
  freeze(): Trie<K, V> {
    this.#owner = {};
    return new Trie<K, V>(this.#root, this.#size);
  }

  /** The leaf where that hash belongs, ready to be written to. */
  #leafFor(hash: number): Node<K, V> {
    const owner = this.#owner;
    if (this.#root.owner !== owner) this.#root = this.#root.copy(owner);
    let node = this.#root;
    for (let rest = hash; node.children !== undefined; rest >>>= bits) {
      const at = rest & mask;
      let child = node.children[at] ?? node;
      if (child.owner !== owner) child = node.children[at] = child.copy(owner);
      node = child;
    }
    return node;
  }

  /** Makes a branch of the leaf where that hash belongs. */
  #split(hash: number): void {
    let parent: Node<K, V>[] | undefined;
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

function find<K extends KeyPart, V>(root: Node<K, V>, key: K, hash: number): V | undefined {
  let node = root;
  for (let rest = hash; node.children !== undefined; rest >>>= bits) {
    node = node.children[rest & mask] ?? node;
  }
  const at = node.placeOf(hash, key);
  return at < 0 ? undefined : node.values[at];
}

function branchOf<K extends KeyPart, V>(leaf: Node<K, V>, shift: number, owner: object): Node<K, V> {
  const children: Node<K, V>[] = [];
  for (let slot = 0; slot < width; slot += 1) children.push(Node.leaf<K, V>(owner));
  const { hashes, keys, values } = leaf;
  for (let at = 0; at < hashes.length; at += 1) {
    const key = keys[at];
    const value = values[at];
    if (key === undefined || value === undefined) continue;
    const hash = hashes[at] ?? 0;
    children[(hash >>> shift) & mask]?.append(hash, key, value);
  }
  return Node.branch<K, V>(owner, children);
}

function visit<K extends KeyPart, V>(node: Node<K, V>, each: (key: K, value: V) => void): void {
  const { children, keys, values } = node;
  if (children !== undefined) for (const child of children) visit(child, each);
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at];
    const value = values[at];
    if (key !== undefined && value !== undefined) each(key, value);
  }
}

/** The key that was hashed last, and its hash: a row is looked up, and then put where it was, or where it was not. */
let lastKey: KeyPart = null;
let lastHash = newHashOf(lastKey);

function hashOf(key: KeyPart): number {
  if (key !== lastKey) {
    lastHash = newHashOf(key);
    lastKey = key;
  }
  return lastHash;
}

/** FNV-1a, stirred so that its low bits depend on all characters. */
function newHashOf(key: KeyPart): number {
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
  // Of 32 bits with a sign: V8 keeps others as doubles.
  return once ^ (once >>> 16);
}
