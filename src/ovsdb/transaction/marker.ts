import { setKey, type Operation } from "../operations.js";
import { newUuid, type Uuid } from "../uuid.js";

/**
 * Where a transaction leaves a mark, by which it is known again where its answer was lost. That is one more column that
 * it writes: worth it for transactions that insert no row.
 */
export interface TransactionMarker {
  readonly table: string;
  /** A row that stays, such as the only one of `Open_vSwitch`. */
  readonly uuid: Uuid;
  /** A map of strings to strings, such as `external_ids`. */
  readonly column: string;
  /**
   * The key to leave it under. It is this program's alone: no other process and no other open database writes it. Of
   * several transactions at once each has its own: the second one's is `KEY.2`.
   */
  readonly key: string;
}

/** The mark of one transaction, the same for all of its attempts, so that only one of them is done. */
export interface Mark extends TransactionMarker {
  /** What stands under the key if it was done. */
  readonly value: Uuid;
}

/** Which keys the transactions of a database that are on their way have. */
export class MarkKeys {
  readonly #taken = new Set<string>();

  /** The first key that is free. */
  take(marker: TransactionMarker): Mark {
    const { table, uuid, column } = marker;
    let key = marker.key;
    for (let number = 2; this.#taken.has(nameOf({ ...marker, key })); number += 1) {
      key = `${marker.key}.${number}`;
    }
    this.#taken.add(nameOf({ ...marker, key }));
    return { table, uuid, column, key, value: newUuid() };
  }

  /** Gives a key back. That of a transaction whose outcome is unknown is kept, so that it can be looked for later. */
  release(mark: Mark): void {
    this.#taken.delete(nameOf(mark));
  }
}

function nameOf({ table, uuid, column, key }: TransactionMarker): string {
  return JSON.stringify([table, uuid, column, key]);
}

/**
 * Leaves the mark. The first operation fails where it is there already, or where the row is not there. An attempt that
 * follows a lost one also leaves its number, under `KEY.attempt`: what the callback gave may differ.
 */
export function leaveMark(mark: Mark, laterAttempt: number | undefined): readonly [Operation, Operation] {
  const { table, uuid, column, key, value } = mark;
  const here = ["_uuid", "==", uuid] as const;
  const where = [here, [column, "excludes", new Map([[key, value]])]] as const;
  const [columns, rows] = [["_uuid"], [{ _uuid: uuid }]];
  const number = laterAttempt === undefined ? [] : setKey(column, ...numberOf(mark, laterAttempt));
  return [
    { op: "wait", table, where, columns, until: "==", rows, timeoutMs: 0 },
    { op: "mutate", table, where: [here], mutations: [...setKey(column, key, value), ...number] },
  ];
}

/** Give a row each: the first if the mark is there, the others if it is that of one of these attempts. */
export function lookForMark(mark: Mark, laterAttempts: readonly number[]): readonly Operation[] {
  const { table, uuid, column, key, value } = mark;
  const pairs = [[key, value] as const, ...laterAttempts.map((attempt) => numberOf(mark, attempt))];
  const here = ["_uuid", "==", uuid] as const;
  return pairs.map((pair) => ({
    op: "select",
    table,
    where: [here, [column, "includes", new Map([pair])]],
    columns: ["_uuid"],
  }));
}

function numberOf({ key, value }: Mark, attempt: number): readonly [key: string, value: string] {
  return [`${key}.attempt`, `${value}.${attempt}`];
}
