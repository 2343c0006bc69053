import { fault, Fault } from "./fault.js";
import { afterUpdate, listOf, type UpdateFormat } from "./replica/row-update.js";
import type { IdentifiedRow, RowPlan } from "./row-plan.js";
import { toUuid, type Uuid } from "./uuid.js";

/** One row before and after: `undefined` where it was not, or is no more. */
export interface RowChange {
  readonly table: string;
  readonly uuid: Uuid;
  readonly old: IdentifiedRow | undefined;
  readonly new: IdentifiedRow | undefined;
}

type RowsByPlan = ReadonlyMap<string, { readonly plan: RowPlan; readonly rows: Map<Uuid, IdentifiedRow> }>;

/**
 * The monitored rows as they are now. A row is never changed in place: whoever holds one has it as it was. It is
 * changed by a {@link ReplicaUpdate}, all at once.
 */
export class Replica {
  readonly tables: ReadonlyMap<string, ReadonlyMap<Uuid, IdentifiedRow>>;
  readonly #rows: RowsByPlan;

  /** Begins empty. `absent` tables are those that the server lacks: they stay empty. */
  constructor(plans: readonly RowPlan[], absent: readonly string[]) {
    this.#rows = new Map(plans.map((plan) => [plan.table, { plan, rows: new Map<Uuid, IdentifiedRow>() }]));
    const empty = absent.map((table) => [table, new Map<Uuid, IdentifiedRow>()] as const);
    this.tables = new Map([...[...this.#rows].map(([table, { rows }]) => [table, rows] as const), ...empty]);
  }

  /** Begins to take rows. Nothing is to be seen of them until it is finished. */
  begin(): ReplicaUpdate {
    return new ReplicaUpdate(this.#rows);
  }
}

/**
 * Changes of a replica, collected until all of them are known to be right. An update of a row that is not there, or a
 * second insert of one that is, is a fault (`ovsdb_idl_process_update` of lib/ovsdb-idl.c): differences that are applied to
 * another state than the server's make a third.
 */
export class ReplicaUpdate {
  readonly #rows: RowsByPlan;
  readonly #changes: RowChange[] = [];

  constructor(rows: RowsByPlan) {
    this.#rows = rows;
  }

  /** Takes some rows of one table, as an object. */
  add(table: string, rows: unknown, format: UpdateFormat): Fault | undefined {
    if (!this.#rows.has(table)) return undefined;
    const list = listOf(rows);
    return list instanceof Fault ? list.within(table) : this.addList(table, list, format);
  }

  /** Takes some rows of one table as a list: id, update, id, update, ... */
  addList(table: string, list: readonly unknown[], format: UpdateFormat): Fault | undefined {
    const found = this.#rows.get(table);
    if (found === undefined) return undefined;
    for (let at = 0; at < list.length; at += 2) {
      const name = list[at];
      const uuid = typeof name === "string" ? toUuid(name) : undefined;
      if (uuid === undefined) return fault("the uuid of a row", name).within(table);
      const old = found.rows.get(uuid);
      const after = afterUpdate(found.plan, uuid, old, list[at + 1], format);
      if (after instanceof Fault) return after.within(table);
      if (after !== old) this.#changes.push({ table, uuid, old, new: after });
    }
    return undefined;
  }

  /** It is complete: the replica has its rows now. Gives what changed. */
  finish(): readonly RowChange[] {
    for (const { table, uuid, new: row } of this.#changes) {
      const rows = this.#rows.get(table)?.rows;
      if (row === undefined) rows?.delete(uuid);
      else rows?.set(uuid, row);
    }
    return this.#changes;
  }
}
