import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  configure,
  waitForHandovers,
  type ConfigureOptions,
  type Report,
} from "../../src/container/index.js";
import { Err, Ok, UnreachableError, type ConnectOptions } from "../../src/index.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { memif, SharedFolder, vhost } from "./samples.js";

const none = "/none/such";

const to =
  (memory: MemorySwitch) =>
  async ({ owner }: ConnectOptions) =>
    Ok(memory.connect(owner === undefined ? {} : { owner }));

const options = (
  shared: SharedFolder,
  memory: MemorySwitch,
  more: Partial<ConfigureOptions> = {},
): ConfigureOptions => ({
  places: { folders: [shared.path], annotations: none },
  connect: to(memory),
  intervalMs: 10,
  timeoutMs: 2000,
  ...more,
});

const status = (shared: SharedFolder, ifName: string): unknown =>
  JSON.parse(readFileSync(join(shared.path, `status-${ifName}.json`), "utf8"));

describe("configure", () => {
  test("makes every interface, with its addresses or on its bridge, and acknowledges it", async () => {
    using shared = new SharedFolder();
    const memory = new MemorySwitch();
    shared.write("attachment-net0.json", memif(shared.path));
    shared.write(
      "attachment-net1.json",
      memif(shared.path, {
        ifName: "net1",
        netType: "bridge",
        bridge: { name: "7" },
        interface: {
          type: "memif",
          socket: `${shared.path}/n.sock`,
          role: "master",
          mode: "ethernet",
          id: 3,
          mac: "02:00:00:00:00:09",
          queues: 2,
        },
      }),
    );
    shared.write("attachment-net2.json", memif(shared.path, { ifName: "net2", netType: "none" }));
    const reports = (await configure(options(shared, memory, { count: 3 }))).unwrap();
    expect(reports.map(({ result }) => result.isOk())).toEqual([true, true, true]);
    expect(memory.interfaces()).toMatchObject([
      {
        name: "net0",
        type: "memif",
        adminState: "up",
        bridge: null,
        addresses: ["192.168.210.45/24"],
        mark: { owner: "usrsp-app" },
      },
      { name: "net1", bridge: "7", mac: "02:00:00:00:00:09", addresses: [] },
      { name: "net2", bridge: null, addresses: [] },
    ]);
    expect(status(shared, "net0")).toEqual({
      version: 1,
      ifName: "net0",
      state: "applied",
      message: "",
      at: expect.stringMatching(/^\d{4}-.*Z$/u),
    });
    expect(reports[0]?.notes).toEqual([
      expect.stringContaining("ip route add 0.0.0.0/0 via 192.168.210.1 net0"),
    ]);
  });

  test("again changes nothing, not even the status file", async () => {
    using shared = new SharedFolder();
    const memory = new MemorySwitch();
    shared.write("attachment-net0.json", memif(shared.path));
    await configure(options(shared, memory));
    const before = readFileSync(join(shared.path, "status-net0.json"), "utf8");
    const [report] = (await configure(options(shared, memory))).unwrap();
    expect(report?.result.unwrap().changed).toBe(false);
    expect(readFileSync(join(shared.path, "status-net0.json"), "utf8")).toBe(before);
    expect(readdirSync(shared.path).toSorted()).toEqual(["attachment-net0.json", "status-net0.json"]);
  });

  test("replaces what an older hand-over made, and leaves what others made", async () => {
    using shared = new SharedFolder();
    const memory = new MemorySwitch();
    memory.addForeignInterface("net1");
    shared.write("attachment-net0.json", memif(shared.path));
    await configure(options(shared, memory));
    shared.write(
      "attachment-net0.json",
      memif(shared.path, {
        interface: {
          type: "memif",
          socket: `${shared.path}/other.sock`,
          role: "slave",
          mode: "ethernet",
          id: 0,
        },
      }),
    );
    shared.write("attachment-net1.json", memif(shared.path, { ifName: "net1" }));
    const [first, second] = (await configure(options(shared, memory, { count: 2 }))).unwrap();
    expect(first?.result.unwrap()).toMatchObject({
      changed: true,
      interface: { socket: `${shared.path}/other.sock` },
    });
    expect(second?.result.unwrapErr().kind).toBe("conflict");
    expect(status(shared, "net1")).toMatchObject({
      state: "failed",
      message: expect.stringContaining("net1"),
    });
  });

  test("says of a vhost-user interface what VPP needs instead", async () => {
    using shared = new SharedFolder();
    shared.write("attachment-net1.json", vhost(shared.path));
    const [report] = (await configure(options(shared, new MemorySwitch()))).unwrap();
    expect(report?.result.unwrapErr()).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining(`vdev net_virtio_user0,path=${shared.path}/v.sock`),
    });
  });

  test("waits for the switch, and tells the host meanwhile", async () => {
    using shared = new SharedFolder();
    const memory = new MemorySwitch();
    shared.write("attachment-net0.json", memif(shared.path));
    let attempts = 0;
    const told: unknown[] = [];
    const connect: ConfigureOptions["connect"] = async (given) => {
      attempts += 1;
      if (attempts > 2) return to(memory)(given);
      if (attempts === 2) told.push(status(shared, "net0"));
      return Err(
        new UnreachableError({
          operation: "connect",
          address: "x",
          errno: "ENOENT",
          hint: "",
          message: "not there",
        }),
      );
    };
    expect((await configure(options(shared, memory, { connect }))).isOk()).toBe(true);
    expect([...told, status(shared, "net0")]).toMatchObject([
      { state: "failed", message: "not there" },
      { state: "applied" },
    ]);
  });
});

describe("with watch", () => {
  async function watching(
    shared: SharedFolder,
    memory: MemorySwitch,
    body: (reports: readonly Report[]) => Promise<void>,
  ): Promise<void> {
    const stop = new AbortController();
    const reports: Report[] = [];
    const running = configure(
      options(shared, memory, {
        watch: true,
        signal: stop.signal,
        onReport: (report) => reports.push(report),
      }),
    );
    try {
      await body(reports);
    } finally {
      stop.abort();
      await running;
    }
  }
  const names = (memory: MemorySwitch) => () => memory.interfaces().map(({ name }) => name);

  test("takes what comes later, takes back what is gone, and makes all again on a switch that was restarted", async () => {
    using shared = new SharedFolder();
    const memory = new MemorySwitch();
    memory.addForeignInterface("eth0");
    shared.write("attachment-net0.json", memif(shared.path));
    await watching(shared, memory, async (reports) => {
      await expect.poll(names(memory)).toEqual(["eth0", "net0"]);
      shared.write("attachment-net1.json", memif(shared.path, { ifName: "net1" }));
      await expect.poll(names(memory)).toEqual(["eth0", "net0", "net1"]);
      rmSync(join(shared.path, "attachment-net1.json"));
      await expect.poll(names(memory)).toEqual(["eth0", "net0"]);
      memory.removeInterface("net0");
      await expect.poll(names(memory)).toEqual(["eth0", "net0"]);
      expect(reports.map(({ found }) => found.handover.ifName)).toEqual(["net0", "net1", "net0"]);
    });
  });

  test("takes nothing back while the directory is away, or something in it cannot be read", async () => {
    using shared = new SharedFolder();
    const memory = new MemorySwitch();
    shared.write("attachment-net0.json", memif(shared.path));
    await watching(shared, memory, async () => {
      await expect.poll(names(memory)).toEqual(["net0"]);
      const away = `${shared.path}.away`;
      renameSync(shared.path, away);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(names(memory)()).toEqual(["net0"]);
      if (existsSync(shared.path)) rmSync(shared.path, { recursive: true });
      renameSync(away, shared.path);
      shared.write("attachment-net0.json", "{");
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(names(memory)()).toEqual(["net0"]);
    });
  });
});

describe("waiting", () => {
  test("ends when all that are named are there", async () => {
    using shared = new SharedFolder();
    const waited = waitForHandovers({
      places: { folders: [shared.path], annotations: none },
      ifNames: ["net1"],
      intervalMs: 10,
    });
    shared.write("attachment-net0.json", memif(shared.path));
    setTimeout(() => shared.write("attachment-net1.json", vhost(shared.path)), 50);
    expect((await waited).unwrap().found.map(({ handover }) => handover.ifName)).toEqual(["net1"]);
  });

  test("tells what came and what was wrong when the time is up", async () => {
    using shared = new SharedFolder();
    shared.write("attachment-net0.json", memif(shared.path));
    shared.write("attachment-net1.json", "{");
    const places = { folders: [shared.path], annotations: none };
    const error = (await waitForHandovers({ places, count: 2, timeoutMs: 30, intervalMs: 10 })).unwrapErr();
    expect(error).toMatchObject({ kind: "timeout", timeoutMs: 30 });
    expect(error.message).toContain("of 2 interfaces only net0 came within 30 ms");
    expect(error.message).toContain("attachment-net1.json");
  });

  test("ends with its signal", async () => {
    const places = { folders: [none], annotations: none };
    expect((await waitForHandovers({ places, signal: AbortSignal.timeout(20) })).unwrapErr().kind).toBe(
      "aborted",
    );
  });
});
