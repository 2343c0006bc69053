import type { IdentifiedRow } from "../row-plan.js";
import type { Uuid } from "../uuid.js";
import { MapEditor, PersistentMap } from "./persistent-map.js";
import { add, move, type IndexEntry, type IndexRows, type RowIndex } from "./row-index.js";
import type { KeyPart } from "./key-part.js";
import { uuidsIn, type References, type TableView } from "./snapshot.js";

/** The rows of one table at one moment, with its indexes. Each is made when it is looked up for the first time. */
export class TableRows implements TableView {
  readonly name: string;
  readonly #rows: PersistentMap<Uuid, IdentifiedRow>;
  readonly #indexes: readonly RowIndex[];
  /** Of each index; `undefined` before it is made. */
  readonly #indexRows: (IndexRows | undefined)[];

  /** @internal */
  constructor(
    name: string,
    indexes: readonly RowIndex[],
    rows: PersistentMap<Uuid, IdentifiedRow>,
    indexRows: (IndexRows | undefined)[],
  ) {
    this.name = name;
    this.#indexes = indexes;
    this.#rows = rows;
    this.#indexRows = indexRows;
  }

  static empty(name: string, indexes: readonly RowIndex[]): TableRows {
    return new TableRows(name, indexes, PersistentMap.empty(), []);
  }

  get size(): number {
    return this.#rows.size;
  }

  get(uuid: Uuid): IdentifiedRow | undefined {
    return this.#rows.get(uuid);
  }

  has(uuid: Uuid): boolean {
    return this.#rows.has(uuid);
  }

  [Symbol.iterator](): Iterator<IdentifiedRow> {
    return this.#rows.values()[Symbol.iterator]();
  }

  by(index: string, ...key: readonly KeyPart[]): readonly IdentifiedRow[] {
    const entry = this.#entry(index, key);
    if (entry === undefined) return [];
    const uuids = typeof entry === "string" ? [entry] : entry.values();
    return uuids.flatMap((uuid) => this.#rows.get(uuid) ?? []);
  }

  one(index: string, ...key: readonly KeyPart[]): IdentifiedRow | undefined {
    const entry = this.#entry(index, key);
    const uuid = typeof entry === "object" ? entry.values()[0] : entry;
    return uuid === undefined ? undefined : this.#rows.get(uuid);
  }

  rows(references: References): readonly IdentifiedRow[] {
    return uuidsIn(references).flatMap((uuid) => this.#rows.get(uuid) ?? []);
  }

  /** Begins a changed table; this one stays as it is. @internal */
  edit(): TableEditor {
    const indexRows = this.#indexes.map((index, at) => (index.isUsed ? this.#made(index, at) : undefined));
    return new TableEditor(this.name, this.#indexes, this.#rows, indexRows);
  }

  #entry(name: string, key: readonly KeyPart[]): IndexEntry | undefined {
    const at = this.#indexes.findIndex((each) => each.name === name);
    const index = this.#indexes[at];
    if (index === undefined) {
      const there = this.#indexes.map((each) => each.name).join(", ");
      throw new TypeError(`table ${this.name} has no index ${name}; it has ${there === "" ? "none" : there}`);
    }
    if (key.length !== index.width) {
      throw new TypeError(
        `index ${name} of ${this.name} is looked up by ${index.width} values, not ${key.length}`,
      );
    }
    index.isUsed = true;
    return this.#made(index, at).get(index.keyFrom(key));
  }

  #made(index: RowIndex, at: number): IndexRows {
    return (this.#indexRows[at] ??= indexRowsOf(index, this.#rows));
  }
}

function indexRowsOf(index: RowIndex, rows: PersistentMap<Uuid, IdentifiedRow>): IndexRows {
  const editor = PersistentMap.empty<KeyPart, IndexEntry>().edit();
  for (const row of rows.values()) add(editor, index.keyOf(row), row._uuid);
  return editor.freeze();
}

/** A table while it is being changed. @internal */
export class TableEditor {
  readonly #name: string;
  readonly #indexes: readonly RowIndex[];
  readonly #rows: MapEditor<Uuid, IdentifiedRow>;
  /** What was before in an index that has changed is not kept. */
  readonly #indexRows: (IndexRows | MapEditor<KeyPart, IndexEntry> | undefined)[];

  constructor(
    name: string,
    indexes: readonly RowIndex[],
    rows: PersistentMap<Uuid, IdentifiedRow>,
    indexRows: (IndexRows | undefined)[],
  ) {
    this.#name = name;
    this.#indexes = indexes;
    this.#rows = rows.edit();
    this.#indexRows = indexRows;
  }

  get(uuid: Uuid): IdentifiedRow | undefined {
    return this.#rows.get(uuid);
  }

  /** Adds a row where there is none of that id; gives whether there was none. */
  add(uuid: Uuid, row: IdentifiedRow): boolean {
    if (this.#rows.add(uuid, row) !== undefined) return false;
    this.#index(uuid, undefined, row);
    return true;
  }

  /** Replaces `old`, what is there, by `after`; either may be none. */
  put(uuid: Uuid, old: IdentifiedRow | undefined, after: IdentifiedRow | undefined): void {
    if (after === undefined) this.#rows.delete(uuid);
    else this.#rows.set(uuid, after);
    this.#index(uuid, old, after);
  }

  freeze(): TableRows {
    const indexRows = this.#indexRows.map((rows) => (rows instanceof MapEditor ? rows.freeze() : rows));
    return new TableRows(this.#name, this.#indexes, this.#rows.freeze(), indexRows);
  }

  #index(uuid: Uuid, old: IdentifiedRow | undefined, after: IdentifiedRow | undefined): void {
    for (let at = 0; at < this.#indexes.length; at += 1) {
      if (this.#indexRows[at] === undefined) continue;
      const index = this.#indexes[at];
      const from = old === undefined ? undefined : index?.keyOf(old);
      const to = after === undefined ? undefined : index?.keyOf(after);
      if (from === to) continue;
      const editor = this.#indexEditor(at);
      if (editor !== undefined) move(editor, uuid, from, to);
    }
  }

  #indexEditor(at: number): MapEditor<KeyPart, IndexEntry> | undefined {
    const rows = this.#indexRows[at];
    if (rows === undefined || rows instanceof MapEditor) return rows;
    const editor = rows.edit();
    this.#indexRows[at] = editor;
    return editor;
  }
}
