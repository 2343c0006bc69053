import type { IdentifiedRow } from "../row-plan.js";
import type { Uuid } from "../uuid.js";
import { PersistentMap, type MapEditor } from "./persistent-map.js";
import type { IndexEntry, IndexRows, RowIndex } from "./row-index.js";
import type { KeyPart } from "./key-part.js";
import { uuidsIn, type References, type TableView } from "./snapshot.js";

/** The rows of one table at one moment, with its indexes. */
export class TableRows implements TableView {
  readonly name: string;
  readonly #rows: PersistentMap<Uuid, IdentifiedRow>;
  readonly #indexes: ReadonlyMap<string, RowIndex>;
  readonly #indexRows: readonly IndexRows[];

  private constructor(
    name: string,
    indexes: ReadonlyMap<string, RowIndex>,
    rows: PersistentMap<Uuid, IdentifiedRow>,
    indexRows: readonly IndexRows[],
  ) {
    this.name = name;
    this.#indexes = indexes;
    this.#rows = rows;
    this.#indexRows = indexRows;
  }

  static empty(name: string, indexes: ReadonlyMap<string, RowIndex>): TableRows {
    const indexRows = [...indexes].map(() => PersistentMap.empty<KeyPart, IndexEntry>());
    return new TableRows(name, indexes, PersistentMap.empty(), indexRows);
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
    const indexes = [...this.#indexes.values()].map((index, at) => ({
      index,
      rows: (this.#indexRows[at] ?? PersistentMap.empty<KeyPart, IndexEntry>()).edit(),
    }));
    return new TableEditor(
      this.#rows.edit(),
      indexes,
      (rows, indexRows) => new TableRows(this.name, this.#indexes, rows, indexRows),
    );
  }

  #entry(name: string, key: readonly KeyPart[]): IndexEntry | undefined {
    let at = 0;
    for (const index of this.#indexes.values()) {
      if (index.name !== name) {
        at += 1;
        continue;
      }
      if (key.length !== index.width) {
        throw new TypeError(
          `index ${name} of ${this.name} is looked up by ${index.width} values, not ${key.length}`,
        );
      }
      return this.#indexRows[at]?.get(index.keyFrom(key));
    }
    const there = [...this.#indexes.keys()].join(", ");
    throw new TypeError(`table ${this.name} has no index ${name}; it has ${there === "" ? "none" : there}`);
  }
}

interface EditedIndex {
  readonly index: RowIndex;
  readonly rows: MapEditor<KeyPart, IndexEntry>;
}

/** A table while it is being changed. @internal */
export class TableEditor {
  readonly #rows: MapEditor<Uuid, IdentifiedRow>;
  readonly #indexes: readonly EditedIndex[];
  readonly #make: (rows: PersistentMap<Uuid, IdentifiedRow>, indexRows: readonly IndexRows[]) => TableRows;

  constructor(
    rows: MapEditor<Uuid, IdentifiedRow>,
    indexes: readonly EditedIndex[],
    make: (rows: PersistentMap<Uuid, IdentifiedRow>, indexRows: readonly IndexRows[]) => TableRows,
  ) {
    this.#rows = rows;
    this.#indexes = indexes;
    this.#make = make;
  }

  get(uuid: Uuid): IdentifiedRow | undefined {
    return this.#rows.get(uuid);
  }

  /** Adds a row where there is none of that id; gives whether there was none. */
  add(uuid: Uuid, row: IdentifiedRow): boolean {
    if (this.#rows.add(uuid, row) !== undefined) return false;
    for (const { index, rows } of this.#indexes) index.update(rows, uuid, undefined, row);
    return true;
  }

  /** Replaces `old`, what is there, by `after`; either may be none. */
  put(uuid: Uuid, old: IdentifiedRow | undefined, after: IdentifiedRow | undefined): void {
    if (after === undefined) this.#rows.delete(uuid);
    else this.#rows.set(uuid, after);
    for (const { index, rows } of this.#indexes) index.update(rows, uuid, old, after);
  }

  freeze(): TableRows {
    return this.#make(
      this.#rows.freeze(),
      this.#indexes.map(({ rows }) => rows.freeze()),
    );
  }
}
