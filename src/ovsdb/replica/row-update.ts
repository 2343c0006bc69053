import { isComposite } from "../column-type.js";
import { applyDifference, hasCardinality } from "../difference.js";
import { fault, Fault } from "../fault.js";
import { isArray, isObject, member } from "../json.js";
import type { IdentifiedRow, RowPlan } from "../row-plan.js";
import type { ColumnSchema } from "../schema.js";
import type { Uuid } from "../uuid.js";
import { isSet, type Value } from "../value.js";
import { bigSetOf, copyRow, putBigSet, toBigSet } from "./big-set.js";

/** Which `<table-updates>` a monitor speaks: those of RFC 7047 section 4.1.5, or update2 of ovsdb-server(7) 4.1.12. */
export type UpdateFormat = "update" | "update2";

/**
 * The row after one `<row-update>`: the very one where nothing of it changed, `undefined` where it is gone. A fault where
 * it cannot be right: an update of a row that is not there, or a second insert of one that is
 * (`ovsdb_idl_process_update` of lib/ovsdb-idl.c).
 */
export function afterUpdate(
  plan: RowPlan,
  uuid: Uuid,
  old: IdentifiedRow | undefined,
  update: unknown,
  format: UpdateFormat,
): IdentifiedRow | undefined | Fault {
  if (!isObject(update)) return fault("a row update", update).within(uuid);
  const after =
    format === "update" ? afterUpdate1(plan, uuid, old, update) : afterUpdate2(plan, uuid, old, update);
  return after instanceof Fault ? after.within(uuid) : after;
}

/**
 * The rows of a `<table-update>` as a list, in which form they may have been read: id, update, id, update, ... Without what
 * stands for the rows before it in a later part of a message.
 */
export function listOf(updates: unknown): readonly unknown[] | Fault {
  if (isArray(updates)) return updates[0] === 0 ? updates.slice(1) : updates;
  if (!isObject(updates)) return fault("an object of rows", updates);
  const list: unknown[] = [];
  for (const key of Object.keys(updates)) {
    const update = updates[key];
    if (key !== "" || update !== 0) list.push(key, update);
  }
  return list;
}

type Members = Readonly<Record<string, unknown>>;

const unknownRow = (kind: string): Fault => fault("an update of a row that was told of before", kind);
const knownRow = (kind: string): Fault => fault("a row that was not told of before", kind);

/** RFC 7047 section 4.1.6: `new` alone is a new row, both are a changed one, with all its columns in `new`. */
function afterUpdate1(
  plan: RowPlan,
  uuid: Uuid,
  old: IdentifiedRow | undefined,
  update: Members,
): IdentifiedRow | undefined | Fault {
  const isNew = !Object.hasOwn(update, "old");
  if (!Object.hasOwn(update, "new")) {
    if (isNew) return fault("old, new or both", update);
    return old === undefined ? unknownRow("delete") : undefined;
  }
  if (isNew && old !== undefined) return knownRow("insert");
  if (!isNew && old === undefined) return unknownRow("modify");
  return plan.decode(uuid, member(update, "new"), "is-fault");
}

/** ovsdb-server(7) section 4.1.14: `initial`, `insert`, `delete` or `modify`. */
function afterUpdate2(
  plan: RowPlan,
  uuid: Uuid,
  old: IdentifiedRow | undefined,
  update: Members,
): IdentifiedRow | undefined | Fault {
  const kinds = Object.keys(update);
  const kind = kinds[0];
  if (kind === undefined || kinds.length > 1) return fault("initial, insert, delete or modify", update);
  if (kind === "initial" || kind === "insert") {
    return old === undefined ? plan.decode(uuid, update[kind], "is-default") : knownRow(kind);
  }
  if (kind !== "delete" && kind !== "modify") return fault("initial, insert, delete or modify", kind);
  if (old === undefined) return unknownRow(kind);
  return kind === "delete" ? undefined : afterModify(plan, old, update[kind]);
}

type MutableRow = ReturnType<RowPlan["newRow"]>;

function afterModify(plan: RowPlan, old: IdentifiedRow, differences: unknown): IdentifiedRow | Fault {
  if (!isObject(differences)) return fault("an object of columns", differences);
  let after: MutableRow | undefined;
  for (const name of Object.keys(differences)) {
    const column = plan.column(name);
    if (column === undefined) continue;
    after ??= copyRow(plan, old);
    const bad = applyTo(after, old, column, differences[name]);
    if (bad !== undefined) return bad.within(name);
  }
  return after ?? old;
}

function applyTo(
  after: MutableRow,
  old: IdentifiedRow,
  column: ColumnSchema,
  wire: unknown,
): Fault | undefined {
  const { name } = column;
  const difference = column.differenceCodec.decode(wire);
  if (difference instanceof Fault) return difference;
  if (!isComposite(column.type)) {
    after[name] = difference;
    return undefined;
  }
  const { min, max } = column.type;
  const big = bigSetOf(old, name) ?? toBigSet(old[name]);
  if (big !== undefined && isSet(difference)) {
    const set = big.edit();
    for (const atom of difference) if (set.delete(atom) === undefined) set.set(atom, atom);
    if (set.size < min || set.size > max) return wrongSize(wire);
    putBigSet(after, name, set.freeze());
    return undefined;
  }
  const value: Value | Fault = applyDifference(old[name] ?? column.codec.default, difference);
  if (value instanceof Fault) return value;
  if (!hasCardinality(value, min, max)) return wrongSize(wire);
  after[name] = value;
  return undefined;
}

function wrongSize(wire: unknown): Fault {
  return fault("a difference after which the column has as many members as it may", wire);
}
