/** Sockets of others are left alone, and a memif is on the socket that was asked for, whoever else changes them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, linkSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

import { describe, expect, test } from "vitest";

import { connect } from "../../../src/connect.js";
import type { CallHandler } from "../../../src/testing/vpp/handlers/handler.js";
import { callHandlers } from "../../../src/testing/vpp/handlers/index.js";
import { closeServer } from "../../support/close-server.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

const release = releases.at(-1) ?? "";

const create = "memif_create_v2";
const register = "memif_socket_filename_add_del_v2";

function usual(message: string): CallHandler {
  const handler = callHandlers.get(message);
  assert.ok(handler !== undefined);
  return handler;
}

/** Does something, once, just before VPP handles the next request of this name. */
function justBefore({ server }: DriverBench, message: string, interfere: () => void): void {
  let isDone = false;
  server.handle(message, (request, vpp) => {
    if (!isDone) {
      isDone = true;
      interfere();
    }
    return usual(message)(request, vpp);
  });
}

const addSocket = ({ vpp }: DriverBench, id: number, path: string): void => {
  vpp.memifSockets.set(id, { id, path, users: 0, isListener: false });
};

const memif = (bench: DriverBench, name: string, id = 0) =>
  ({ type: "memif", name, role: "master", socket: bench.socket("shared"), id }) as const;

describe.skipIf(releases.length === 0)(`sockets${unlessMissing}`, () => {
  test.each(["memif", "vhost-user"] as const)(
    "a %s does not take a socket on which another process listens",
    async (type) => {
      await using bench = await DriverBench.start(release);
      const path = join(bench.directory, "theirs.sock");
      const theirs = createServer((peer) => void peer.destroy()).listen(path);
      await once(theirs, "listening");
      const spec =
        type === "memif"
          ? ({ type, name: "net0", role: "master", socket: path } as const)
          : ({ type, name: "net0", mode: "server", socket: path } as const);
      const result = await bench.vswitch.createInterface(spec);
      assert.ok(result.isErr());
      expect(result.error.kind).toBe("conflict");
      expect(result.error.message).toContain(`somebody listens on ${path}`);
      expect(existsSync(path)).toBe(true);
      expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
      theirs.close();
    },
  );

  test("a vhost-user interface named api does not take the socket of VPP's API", async () => {
    await using bench = await DriverBench.start(release);
    const result = await bench.vswitch.createInterface({ type: "vhost-user", name: "api", mode: "server" });
    assert.ok(result.isErr());
    expect(result.error.kind).toBe("conflict");
    const another = await connect({ engine: "vpp", remote: bench.server.remote, owner: "another" });
    await another.unwrap().close();
  });

  test("a socket that is left from before is taken over", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(memif(bench, "net0"))).unwrap();
    const { path } = [...bench.vpp.memifSockets.values()].at(-1) ?? { path: "" };
    bench.vpp.sockets.close(path, true);
    await bench.server.restart();
    expect(existsSync(path)).toBe(true);
    const remote = bench.server.remote;
    await using after = (await connect({ engine: "vpp", remote, owner: "lab" })).unwrap();
    const made = await after.createInterface(memif(bench, "net0"));
    expect(made.unwrap().created).toBe(true);
  });

  test("two of one spec at once: the second sees its socket listened on, and finds why", async () => {
    await using bench = await DriverBench.start(release);
    const remote = bench.server.remote;
    await using other = (await connect({ engine: "vpp", remote, owner: "lab" })).unwrap();
    const spec = { type: "vhost-user", name: "vm0", mode: "server", socket: bench.socket("vm0") } as const;
    const both = await Promise.all([bench.vswitch.createInterface(spec), other.createInterface(spec)]);
    const created = both.map((result) => result.unwrap().created);
    expect(new Set(created)).toEqual(new Set([false, true]));
  });

  test("a memif is made anew when the id of its socket became another path's", async () => {
    await using bench = await DriverBench.start(release);
    justBefore(bench, create, () => addSocket(bench, 1, "/theirs.sock"));
    const made = (await bench.vswitch.createInterface(memif(bench, "net0"))).unwrap();
    expect(made.socket).toBe(bench.socket("shared"));
    expect(bench.state()).toMatchObject({
      interfaces: [{ name: "memif2/0" }],
      sockets: ["1 /theirs.sock", `2 ${bench.socket("shared")}`],
    });
  });

  test("a memif is made anew when its socket was taken back a moment ago", async () => {
    await using bench = await DriverBench.start(release);
    justBefore(bench, create, () => void bench.vpp.memifSockets.delete(1));
    const made = (await bench.vswitch.createInterface(memif(bench, "net0"))).unwrap();
    expect(made.socket).toBe(bench.socket("shared"));
  });

  test("a socket that another registered at the same time is not taken back", async () => {
    await using bench = await DriverBench.start(release);
    justBefore(bench, register, () => {
      addSocket(bench, 1, "/other.sock");
      addSocket(bench, 5, bench.socket("shared"));
    });
    bench.server.handle(create, () => -1);
    (await bench.vswitch.createInterface(memif(bench, "net0"))).unwrapErr();
    expect(bench.state()).toMatchObject({ sockets: ["1 /other.sock", `5 ${bench.socket("shared")}`] });
  });

  test("a slave's socket is its peer's: it stays, though the peer is away", async () => {
    await using bench = await DriverBench.start(release);
    const path = join(bench.directory, "theirs.sock");
    const theirs = createServer().listen(path);
    await once(theirs, "listening");
    linkSync(path, `${path}.kept`);
    await closeServer(theirs);
    renameSync(`${path}.kept`, path);
    const slave = { type: "memif", name: "net0", role: "slave", socket: path } as const;
    (await bench.vswitch.createInterface(slave)).unwrap();
    (await bench.vswitch.deleteInterface("net0")).unwrap();
    expect(existsSync(path)).toBe(true);
    expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
  });

  test("another id of the same path is not taken back with an interface", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(memif(bench, "net0"))).unwrap();
    addSocket(bench, 9, bench.socket("shared"));
    (await bench.vswitch.deleteInterface("net0")).unwrap();
    expect(bench.state()).toMatchObject({ interfaces: [], sockets: [`9 ${bench.socket("shared")}`] });
  });

  test("the socket goes with the last of two memifs that were made on it at the same time", async () => {
    await using bench = await DriverBench.start(release);
    const path = bench.socket("shared");
    justBefore(bench, register, () => {
      const { vpp } = bench;
      vpp.memifSockets.set(1, { id: 1, path, users: 1, isListener: true });
      const device = {
        type: "memif",
        id: 1,
        socketId: 1,
        isMaster: true,
        mode: 0,
        isZeroCopy: false,
      } as const;
      vpp.interfaces.add("memif1/1", device, "02:fe:00:00:00:07").tag = "VSWN/lab/net1";
    });
    (await bench.vswitch.createInterface(memif(bench, "net0"))).unwrap();
    (await bench.vswitch.deleteInterface("net1")).unwrap();
    (await bench.vswitch.deleteInterface("net0")).unwrap();
    expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
  });

  test("the broken record of a socket that VPP could not bind is not kept, though all else is", async () => {
    await using bench = await DriverBench.start(release);
    bench.server.handle(create, () => ({ retval: -14, sw_if_index: 3 }));
    const spec = memif(bench, "net0");
    const result = await bench.vswitch.createInterface(spec, { rollback: false });
    assert.ok(result.isErr());
    expect(result.error.leftBehind).toEqual([`the directory ${dirname(spec.socket)}: rollback is off`]);
    expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
  });
});
