import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AttachmentRecord } from "../../../src/cni/state/record.js";
import { Store } from "../../../src/cni/state/store.js";

const key = "abc.def";
const record: AttachmentRecord = {
  version: 1,
  state: "adding",
  network: "net",
  containerId: "0958c8871b32",
  ifName: "net0",
  switch: { engine: "vpp" },
  traces: { names: ["0958c8871b32-net0"], sockets: [], files: [], directories: [] },
  fingerprint: "f",
};
const result = { interfaces: [{ name: "net0" }], dns: {} };

let directory: string;
let store: Store;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "store-"));
  store = new Store(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The only record's file. */
function file(): string {
  const [name = ""] = readdirSync(join(directory, "attachments"));
  return join(directory, "attachments", name);
}

describe("The record of an attachment", () => {
  test("says that its ADD ended, and with what, once that was added to it", async () => {
    await store.write(key, record);
    expect(store.read(key)).toEqual({ record });
    store.finish(key, record, result);
    expect(store.read(key)).toEqual({ record: { ...record, state: "added", result } });
    expect(readFileSync(file(), "utf8").split("\n")).toHaveLength(3);
  });

  test("still says what has to be taken away when a part of the end was written, or none of it reached the disk", async () => {
    await store.write(key, record);
    store.finish(key, record, result);
    const [first = "", second = ""] = readFileSync(file(), "utf8").split("\n");
    const ends = Array.from(second, (_, length) => second.slice(0, length));
    for (const end of [...ends, "\0".repeat(second.length), `${second.slice(0, 9)}\0\0`]) {
      writeFileSync(file(), `${first}\n${end}`);
      expect(store.read(key)).toEqual({ record });
    }
  });

  test("is read as it was written before there were two lines", async () => {
    await store.write(key, record);
    writeFileSync(file(), `${JSON.stringify({ ...record, state: "added", result })}\n`);
    expect(store.read(key)).toEqual({ record: { ...record, state: "added", result } });
  });

  test("is broken where its first line is", async () => {
    await store.write(key, record);
    const text = readFileSync(file(), "utf8");
    writeFileSync(file(), text.slice(0, -3));
    appendFileSync(file(), `\n${JSON.stringify({ result })}\n`);
    expect(store.read(key)).toBe("corrupt");
  });

  test("that is gone is not begun again by its end", async () => {
    await store.write(key, record);
    await store.remove(key);
    expect(() => store.finish(key, record, result)).toThrow("ENOENT");
    expect(store.read(key)).toBe("absent");
  });
});

describe("Records that name a path", () => {
  const other = (id: string, file: string): AttachmentRecord => ({
    ...record,
    containerId: id,
    traces: { ...record.traces, files: [file] },
  });
  const quoted = '/shared/a"b\\c\u00fc\u2028\t/attachment-net0.json';

  test("are those of others that hold it wholly, whatever characters are in it", async () => {
    await store.write("abc.own", other("a", quoted));
    const named = other("b", quoted);
    await store.write("abc.two", named);
    await store.write("abc.three", other("c", `${quoted}.tmp`));
    expect(store.naming([quoted, "/elsewhere"], "abc.own")).toEqual([named]);
    expect(store.naming(["/shared"], "abc.own")).toEqual([]);
  });

  test("are told with their ends, and without what cannot be read or is being written", async () => {
    const named = other("b", "/shared/x");
    await store.write("abc.two", named);
    store.finish("abc.two", named, result);
    const text = readFileSync(file(), "utf8");
    const attachments = join(directory, "attachments");
    writeFileSync(join(attachments, "abc.three,c,net0.json"), text.slice(1));
    writeFileSync(join(attachments, ".abc.four,d,net0.json.tmp"), text);
    expect(store.naming(["/shared/x"], "abc.own")).toEqual([{ ...named, state: "added", result }]);
  });

  test("are none before there is any record", () => {
    expect(store.naming(["/shared/x"], "abc.own")).toEqual([]);
  });
});
