import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { connectVpp } from "../../../src/vpp/api/connect.js";
import { CreateLoopback, DeleteLoopback } from "../../../src/vpp/bindings/interface.js";
import { findSegment } from "../../../src/vpp/stats/process.js";
import { openSegment, openVppStats } from "../../../src/vpp/stats/stats.js";
import { realVpp, unlessReal } from "../../support/vpp-real.js";
import { SegmentFile, type Release } from "./segment.js";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vpp-stats-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const releases = ["20.05", "20.09", "26.06"] as const satisfies readonly Release[];

function segmentFile(release?: Release): SegmentFile {
  const file = new SegmentFile(join(directory, "segment"), release);
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
  test.each(releases)("are named as VPP %s names them, and summed over its threads", async (release) => {
    segmentFile(release);
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

  test.each(releases)("follow a change of the directory (%s)", async (release) => {
    const file = segmentFile(release);
    using stats = (await openSegment(file.path)).unwrap();
    (await stats.interfaceCounters()).unwrap();
    file.set(["local0"], { "/if/tx": { type: 3, threads: [[[3n, 4n]]] } });
    file.save();
    expect([...(await stats.interfaceCounters()).unwrap()]).toStrictEqual([
      [0, { tx_packets: 3, tx_bytes: 4 }],
    ]);
    expect((await stats.names()).unwrap()).toStrictEqual([
      "/sys/heartbeat",
      "/err/no such node",
      "/if/names",
      "/if/tx",
    ]);
  });

  test.each(releases)("wait while VPP %s changes the segment, up to the deadline", async (release) => {
    const file = segmentFile(release);
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

test.each(releases)("a single number (%s)", async (release) => {
  segmentFile(release);
  using stats = (await openSegment(join(directory, "segment"))).unwrap();
  expect((await stats.scalar("/sys/heartbeat")).unwrap()).toBe(17);
  expect((await stats.scalar("/if/rx")).unwrap()).toBeUndefined();
  expect((await stats.scalar("/no/such/thing")).unwrap()).toBeUndefined();
});

describe("a segment that makes no sense", () => {
  test.each(releases)("a directory outside it (%s): protocol, not a crash", async (release) => {
    const file = segmentFile(release);
    file.bytes.writeBigUInt64LE(file.form.base + 0x1000_0000n, file.form.directoryAt);
    file.save();
    using stats = (await openSegment(file.path)).unwrap();
    const read = await stats.interfaceCounters();
    expect(read.isErr() && read.error.kind).toBe("protocol");
  });

  test("a base above its pointers: protocol", async () => {
    const file = segmentFile();
    file.bytes.writeBigUInt64LE(0x7fff_0000_0000n, 8);
    file.save();
    using stats = (await openSegment(file.path)).unwrap();
    const read = await stats.interfaceCounters();
    expect(read.isErr() && read.error.kind).toBe("protocol");
  });

  test.each(releases)("a vector that is longer than the segment costs nothing (%s)", async (release) => {
    const file = segmentFile(release);
    file.bytes.writeUInt32LE(0xffff_ffff, file.directoryAt - 8);
    file.save();
    using stats = (await openSegment(file.path)).unwrap();
    const read = await stats.names();
    expect(read.isErr() && read.error.kind).toBe("protocol");
  });

  test.each(releases)("any eight bytes of it changed: an answer or protocol (%s)", async (release) => {
    const file = segmentFile(release);
    const outcomes = new Set<string>();
    const sound = Buffer.from(file.bytes);
    const hostile = [
      0n,
      1n,
      7n,
      0xffffn,
      0xffff_ffffn,
      1n << 47n,
      (1n << 64n) - 1n,
      file.form.base + 65_530n,
    ];
    const { epochAt, entryBytes } = file.form;
    const last = file.directoryAt + 7 * entryBytes;
    for (let at = 8; at < last; at += 8) {
      // A change that is always under way is another test's.
      if (at === epochAt + 8) continue;
      for (const value of hostile) {
        sound.copy(file.bytes);
        file.bytes.writeBigUInt64LE(value, at);
        file.save();
        using stats = (await openSegment(file.path)).unwrap();
        const read = await stats.interfaceCounters();
        outcomes.add(read.isOk() ? "ok" : read.error.kind);
      }
    }
    expect([...outcomes].toSorted()).toStrictEqual(["ok", "protocol"]);
  });

  test.each([
    ["of another version", 3n, 40, "version 3; known are 1"],
    ["without version, before VPP 19.08", 812n, 40, "version 812"],
    ["that ends in its header", 2n, 39, "39 bytes"],
  ])("%s: unsupported", async (_what, version, size, says) => {
    const file = segmentFile();
    file.bytes.writeBigUInt64LE(version, 0);
    writeFileSync(file.path, file.bytes.subarray(0, size));
    const opened = await openSegment(file.path);
    expect(opened.isErr() && opened.error.kind).toBe("unsupported");
    expect(opened.isErr() && opened.error.message).toContain(says);
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
  const segmentUpTo2009 = "/memfd:stat_segment_test (deleted)";

  test("is the one that listens on the socket, not another VPP", () => {
    const at = proc({
      "10": { "3": "socket:[90]", "4": segment },
      "20": { "5": segment, "6": "/memfd:buffers-numa-0 (deleted)", "7": "socket:[77]" },
    });
    expect(findSegment(socket, undefined, at).unwrap()).toBe(join(at.proc, "20/fd/5"));
    expect(findSegment(socket, 10, at).unwrap()).toBe(join(at.proc, "20/fd/5"));
    expect(findSegment(socket, 20, at).unwrap()).toBe(join(at.proc, "20/fd/5"));
  });

  test("is known up to 20.09 by another name", () => {
    const at = proc({ "20": { "5": segmentUpTo2009, "7": "socket:[77]" } });
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
      // 22.06 and later also have /sys/boottime.
      const seconds = (await stats.scalar("/sys/boottime")).unwrap() ?? Date.now() / 1000;
      expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(30 * 86_400);
      expect((await stats.scalar("/sys/heartbeat")).unwrap()).toSatisfy(Number.isSafeInteger);
      const counters = (await stats.interfaceCounters([sw_if_index])).unwrap();
      expect(counters.get(sw_if_index)).toMatchObject({ drops: 0, rx_packets: 0, tx_bytes: 0 });
    } finally {
      (await client.call(DeleteLoopback, { sw_if_index })).unwrap();
    }
  });
});
