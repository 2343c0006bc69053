import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { connectVpp } from "../../../src/vpp/api/connect.js";
import { CreateLoopback, DeleteLoopback } from "../../../src/vpp/bindings/interface.js";
import { findSegment } from "../../../src/vpp/stats/process.js";
import { openSegment, openVppStats } from "../../../src/vpp/stats/stats.js";
import { realVpp, unlessReal } from "../../support/vpp-real.js";
import { SegmentFile } from "./segment.js";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpp-stats-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function segmentFile(): SegmentFile {
  const file = new SegmentFile(join(directory, "segment"));
  file.set(["local0", "memif1/0", undefined], {
    "/if/drops": { type: 2, threads: [[1n, 2n, 3n], [10n]] },
    "/if/rx": {
      type: 3,
      threads: [
        [
          [1n, 64n],
          [2n, 1n << 53n],
        ],
        [
          [5n, 5n],
          [7n, 1n],
        ],
      ],
    },
    "/if/rx-no-buf": { type: 2, threads: [[0n, 9n]] },
    "/err/other": { type: 2, threads: [[8n]] },
  });
  file.save();
  return file;
}

describe("the counters of interfaces", () => {
  test("are named as VPP names them, and summed over its threads", async () => {
    segmentFile();
    using stats = (await openSegment(join(directory, "segment"))).unwrap();
    const counters = (await stats.interfaceCounters()).unwrap();
    expect([...counters]).toStrictEqual([
      [0, { drops: 11, rx_packets: 6, rx_bytes: 69, rx_no_buf: 0 }],
      [1, { drops: 2, rx_packets: 9, rx_bytes: 9_007_199_254_740_993n, rx_no_buf: 9 }],
    ]);
  });

  test("of some, of those that are there", async () => {
    segmentFile();
    using stats = (await openSegment(join(directory, "segment"))).unwrap();
    expect([...(await stats.interfaceCounters([1, 2, 700])).unwrap().keys()]).toStrictEqual([1]);
  });

  test("follow a change of the directory", async () => {
    const file = segmentFile();
    using stats = (await openSegment(file.path)).unwrap();
    (await stats.interfaceCounters()).unwrap();
    file.set(["local0"], { "/if/tx": { type: 3, threads: [[[3n, 4n]]] } });
    file.save();
    expect([...(await stats.interfaceCounters()).unwrap()]).toStrictEqual([
      [0, { tx_packets: 3, tx_bytes: 4 }],
    ]);
    expect((await stats.names()).unwrap()).toStrictEqual(["/sys/heartbeat", "/if/names", "/if/tx"]);
  });

  test("wait while VPP changes the segment, for as long as the deadline says", async () => {
    const file = segmentFile();
    file.inProgress = true;
    file.save();
    using stats = (await openSegment(file.path)).unwrap();
    const late = await stats.interfaceCounters(undefined, { timeoutMs: 20 });
    expect(late.isErr() && late.error.kind).toBe("timeout");
    const reading = stats.interfaceCounters();
    file.inProgress = false;
    file.save();
    expect((await reading).isOk()).toBe(true);
  });
});

test("a single number", async () => {
  segmentFile();
  using stats = (await openSegment(join(directory, "segment"))).unwrap();
  expect((await stats.scalar("/sys/heartbeat")).unwrap()).toBe(17.5);
  expect((await stats.scalar("/if/rx")).unwrap()).toBeUndefined();
  expect((await stats.scalar("/no/such/thing")).unwrap()).toBeUndefined();
});

describe("a segment that makes no sense", () => {
  test.each([
    ["a directory outside it", 32, 0x7f00_1000_0000n],
    ["a base above its pointers", 8, 0x7fff_0000_0000n],
  ])("%s: protocol, not a crash", async (_what, at, value) => {
    const file = segmentFile();
    file.bytes.writeBigUInt64LE(value, at);
    file.save();
    using stats = (await openSegment(file.path)).unwrap();
    const read = await stats.interfaceCounters();
    expect(read.isErr() && read.error.kind).toBe("protocol");
  });

  test("a vector that is longer than the segment costs nothing", async () => {
    const file = segmentFile();
    const directoryAt = Number(file.bytes.readBigUInt64LE(32) - 0x7f00_0000_0000n);
    file.bytes.writeUInt32LE(0xffff_ffff, directoryAt - 8);
    file.save();
    using stats = (await openSegment(file.path)).unwrap();
    const read = await stats.names();
    expect(read.isErr() && read.error.kind).toBe("protocol");
  });

  test("of the time before VPP 20.09: unsupported", async () => {
    const file = segmentFile();
    file.bytes.writeBigUInt64LE(1n, 0);
    file.save();
    const opened = await openSegment(file.path);
    expect(opened.isErr() && opened.error.message).toContain("before VPP 20.09");
  });
});

test("closed statistics say so", async () => {
  segmentFile();
  const stats = (await openSegment(join(directory, "segment"))).unwrap();
  stats.close();
  stats.close();
  const read = await stats.names();
  expect(read.isErr() && read.error).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
});

describe("the process that has the segment", () => {
  const socket = "/run/vpp/stats.sock";

  /** A /proc with processes and what they have open. */
  function proc(processes: Readonly<Record<string, Readonly<Record<string, string>>>>): {
    readonly proc: string;
  } {
    const root = join(directory, "proc");
    mkdirSync(join(root, "net"), { recursive: true });
    writeFileSync(
      join(root, "net/unix"),
      [
        "Num       RefCount Protocol Flags    Type St Inode Path",
        `0000000000000000: 00000003 00000000 00000000 0005 03    90 ${socket}`,
        `0000000000000000: 00000002 00000000 00010000 0005 01    77 ${socket}`,
        "",
      ].join("\n"),
    );
    for (const [pid, files] of Object.entries(processes)) {
      for (const [fd, target] of Object.entries(files)) {
        const path = join(root, pid, "fd", fd);
        mkdirSync(dirname(path), { recursive: true });
        symlinkSync(target, path);
      }
    }
    return { proc: root };
  }

  const segment = "/memfd:stat segment (deleted)";

  test("is the one that listens on the socket, not another VPP", () => {
    const at = proc({
      "10": { "3": "socket:[90]", "4": segment },
      "20": { "5": segment, "6": "/memfd:buffers-numa-0 (deleted)", "7": "socket:[77]" },
    });
    expect(findSegment(socket, undefined, at).unwrap()).toBe(join(at.proc, "20/fd/5"));
    expect(findSegment(socket, 10, at).unwrap()).toBe(join(at.proc, "20/fd/5"));
    expect(findSegment(socket, 20, at).unwrap()).toBe(join(at.proc, "20/fd/5"));
  });

  test.each([
    ["nobody listens", "/run/vpp/other.sock", {}, "no process here listens on /run/vpp/other.sock"],
    [
      "it is in another pid namespace",
      socket,
      { "10": { "3": "socket:[1]" } },
      "run as root or as VPP's user",
    ],
    ["it is no VPP", socket, { "10": { "3": "socket:[77]" } }, "has no statistics segment"],
  ])("%s: unsupported, and what to do", (_what, path, processes, says) => {
    const found = findSegment(path, undefined, proc(processes));
    expect(found.isErr() && found.error.kind).toBe("unsupported");
    expect(found.isErr() && found.error.message).toContain(says);
  });
});

test("options that cannot be right are refused", async () => {
  const opened = await openVppStats({ socket: "stats.sock" });
  expect(opened.isErr() && opened.error).toMatchObject({ kind: "invalid", path: "socket" });
});

describe.skipIf(realVpp === undefined)(`a real VPP${unlessReal}`, () => {
  test("counts what it drops, from the API's socket alone", async () => {
    const remote = realVpp?.remote ?? "";
    await using client = (await connectVpp({ remote })).unwrap();
    const { sw_if_index } = (
      await client.call(CreateLoopback, { mac_address: "02:fe:00:00:00:09" })
    ).unwrap();
    try {
      using stats = (await openVppStats({ socket: remote.replace("unix:", "") })).unwrap();
      expect((await stats.scalar("/sys/boottime")).unwrap()).toBeGreaterThan(0);
      const counters = (await stats.interfaceCounters([sw_if_index])).unwrap();
      expect(counters.get(sw_if_index)).toMatchObject({ drops: 0, rx_packets: 0, tx_bytes: 0 });
    } finally {
      (await client.call(DeleteLoopback, { sw_if_index })).unwrap();
    }
  });
});
