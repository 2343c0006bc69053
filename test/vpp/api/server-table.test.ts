import { describe, expect, it } from "vitest";

import { ServerTable, tableEntryBytes, tableNameBytes } from "../../../src/vpp/api/server-table.js";

type Entry = readonly [nameAndCrc: string, id: number];

/** A table as a server sends it; `behind` is what stands behind the NUL of each name. */
function tableOf(entries: readonly Entry[], behind = ""): ServerTable {
  const bytes = Buffer.alloc(7 + entries.length * tableEntryBytes);
  for (const [index, [text, id]] of entries.entries()) {
    const at = 7 + index * tableEntryBytes;
    bytes.writeUInt16BE(id, at);
    bytes.write(`${text.slice(0, tableNameBytes - 1)}\0${behind}`, at + 2, tableNameBytes);
  }
  return ServerTable.read(bytes, 7, entries.length);
}

const many = Array.from({ length: 200 }, (_, i): Entry => [`message_${i}_0000abcd`, 1000 + i]);

describe("the message table of a server", () => {
  it("has the id of each message, however many are looked for", () => {
    const table = tableOf(many);
    for (let i = 0; i < many.length; i++) expect(table.id(`message_${i}`, "0000abcd")).toBe(1000 + i);
    expect(table.size).toBe(200);
  });

  it("has none under another name or CRC, nor under a part of a name", () => {
    const table = tableOf([["want_interface_events_476f5a08", 9], ...many]);
    for (const [name, crc] of [
      ["interface_events", "476f5a08"],
      ["want_interface_events", "476f5a0"],
      ["want_interface_events", "476f5a09"],
      ["message_1", "0000abc"],
      ["", ""],
    ] as const)
      expect(table.id(name, crc)).toBeUndefined();
    expect(table.id("want_interface_events", "476f5a08")).toBe(9);
    for (let i = 0; i < 100; i++) expect(table.id("absent", `${i}`)).toBeUndefined();
  });

  it("takes nothing for a name that stands behind the NUL of another", () => {
    // An odd number of bytes, so that this name begins where no name does.
    const table = tableOf(
      [
        ["a_00000001", 1],
        ["b_00000002", 2],
      ],
      "b_00000002",
    );
    expect(table.id("b", "00000002")).toBe(2);
    expect([...table.names()]).toEqual(["a", "b"]);
  });

  it("is the one that is asked, though other servers have the same messages elsewhere or not at all", () => {
    const first = tableOf(many);
    const turned = tableOf(many.toReversed().map(([text], i): Entry => [text, i]));
    const fewer = tableOf(many.slice(0, 3));
    const none = ServerTable.empty;
    expect(first.id("message_150", "0000abcd")).toBe(1150);
    expect(turned.id("message_150", "0000abcd")).toBe(49);
    expect(fewer.id("message_150", "0000abcd")).toBeUndefined();
    expect(none.id("message_150", "0000abcd")).toBeUndefined();
    expect(first.id("message_150", "0000abcd")).toBe(1150);
  });

  it("knows a name that is too long for it by what is left of it", () => {
    const name = "n".repeat(70);
    const table = tableOf([[`${name}_00000001`, 5], ...many]);
    expect(table.id(name, "00000001")).toBe(5);
    expect([...table.names()][0]).toBe("n".repeat(tableNameBytes - 1));
  });
});
