import { describe, expect, it } from "vitest";
import { TransactionsUnderway } from "../../../src/ovsdb/changes/origin.js";
import { operations } from "../../../src/ovsdb/operations.js";
import { toUuid, zeroUuid } from "../../../src/ovsdb/uuid.js";

const uuid = toUuid("00000000-0000-4000-8000-000000000001") ?? zeroUuid;
const { update } = operations();
const change = [{ table: "Item", uuid, old: { _uuid: uuid, n: 1 }, new: { _uuid: uuid, n: 2 } }];

describe("whose a change is", () => {
  it("is this session's until its answer is read, and another's at once after that", async () => {
    const underway = new TransactionsUnderway();
    const seen: unknown[] = [underway.originOf(change)];
    await underway.during([update("Item", [["_uuid", "==", uuid]], { n: 2 })], "own", async (answered) => {
      seen.push(underway.originOf(change));
      await Promise.resolve();
      answered();
      seen.push(underway.originOf(change));
    });
    seen.push(underway.originOf(change));
    expect(seen).toEqual(["remote", { id: 1, operation: "own" }, "remote", "remote"]);
  });
});
