import type { LooseCondition } from "../matches.js";
import type { KeyPart } from "../replica/key-part.js";
import {
  uuidsIn,
  type IndexColumn,
  type IndexRequest,
  type References,
  type TableView,
} from "../replica/snapshot.js";
import type { IdentifiedRow } from "../row-plan.js";
import type { Uuid } from "../uuid.js";
import { findRows } from "../find-rows.js";
import type { ReadSet } from "./reads.js";

/** A table as a transaction sees it: that of its snapshot, with everything that is looked at recorded. */
export class RecordedTable implements TableView {
  readonly name: string;
  readonly #reads: ReadSet;
  readonly #view: TableView;
  readonly #indexes: IndexRequest;

  constructor(name: string, reads: ReadSet, indexes: IndexRequest) {
    this.name = name;
    this.#reads = reads;
    this.#view = reads.snapshot.table(name);
    this.#indexes = indexes;
  }

  get size(): number {
    this.#readAll();
    return this.#view.size;
  }

  get(uuid: Uuid): IdentifiedRow | undefined {
    return this.#reads.row(this.name, uuid);
  }

  has(uuid: Uuid): boolean {
    return this.get(uuid) !== undefined;
  }

  by(index: string, ...key: readonly KeyPart[]): readonly IdentifiedRow[] {
    const found = this.#view.by(index, ...key).map(({ _uuid }) => _uuid);
    const [only] = found;
    const unique = this.#uniqueColumns(index);
    // No second row can have the same values: what the one row has says it all, at no cost of a search.
    if (unique !== undefined && only !== undefined) this.#reads.columns(this.name, only, unique);
    else this.#reads.query(this.name, this.#conditionsOf(index, key), found);
    return this.#rows(found);
  }

  one(index: string, ...key: readonly KeyPart[]): IdentifiedRow | undefined {
    return this.by(index, ...key)[0];
  }

  rows(references: References): readonly IdentifiedRow[] {
    return this.#rows(uuidsIn(references));
  }

  /** The rows that meet every condition. */
  where(conditions: readonly LooseCondition[]): readonly IdentifiedRow[] {
    const ground = { schema: this.#reads.snapshot.schema, indexes: this.#indexes };
    const found = findRows(this.#view, conditions, ground).map(({ _uuid }) => _uuid);
    this.#reads.query(this.name, conditions, found);
    return this.#rows(found);
  }

  *[Symbol.iterator](): Iterator<IdentifiedRow> {
    yield* this.#rows(this.#readAll());
  }

  #readAll(): readonly Uuid[] {
    const found = Array.from(this.#view, ({ _uuid }) => _uuid);
    this.#reads.query(this.name, [], found);
    return found;
  }

  #rows(uuids: readonly Uuid[]): readonly IdentifiedRow[] {
    return uuids.flatMap((uuid) => this.#reads.row(this.name, uuid) ?? []);
  }

  #uniqueColumns(index: string): readonly string[] | undefined {
    const { schema } = this.#reads.snapshot;
    if (this.#indexes[this.name]?.[index] !== undefined) return undefined;
    return schema.tables.get(this.name)?.indexes.find((columns) => columns.join(",") === index);
  }

  /** The conditions that rows of a key meet. A map without a key cannot be asked for: then it is all rows. */
  #conditionsOf(index: string, key: readonly KeyPart[]): readonly LooseCondition[] {
    const columns: readonly IndexColumn[] =
      this.#indexes[this.name]?.[index] ?? this.#uniqueColumns(index) ?? [];
    const conditions: LooseCondition[] = [];
    for (const [place, column] of columns.entries()) {
      const value = key[place] ?? null;
      if (typeof column === "string") conditions.push([column, "==", value]);
      else if (value !== null) conditions.push([column[0], "includes", new Map([[column[1], value]])]);
    }
    return conditions;
  }
}
