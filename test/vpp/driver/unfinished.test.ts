/** What a program that was killed half-way has left without a mark goes by the socket that nobody else uses. */
import { describe, expect, test } from "vitest";

import { connectVpp } from "../../../src/vpp/index.js";
import { modelOf, releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

const nothing = { interfaces: [], domains: [], sockets: [] };

/** A socket that is registered, and as many memifs on it as names are given; an empty name is no tag. */
async function makeRaw(
  bench: DriverBench,
  release: string,
  id: number,
  socket: string,
  tags: readonly string[],
) {
  await using vpp = (
    await connectVpp({ remote: bench.server.remote, api: { model: modelOf(release) } })
  ).unwrap();
  const registration = { is_add: true, socket_id: id, socket_filename: socket };
  (await vpp.call("memif_socket_filename_add_del", registration)).unwrap();
  for (const [nth, tag] of tags.entries()) {
    const made = (
      await vpp.call("memif_create", {
        role: 1,
        mode: 0,
        rx_queues: 1,
        tx_queues: 1,
        id: nth,
        socket_id: id,
        ring_size: 1024,
        buffer_size: 2048,
        no_zero_copy: false,
        secret: "",
        hw_addr: "00:00:00:00:00:00",
      })
    ).unwrap();
    const of = { is_add: true, sw_if_index: made["sw_if_index"], tag };
    if (tag !== "") (await vpp.call("sw_interface_tag_add_del", of)).unwrap();
  }
}

describe.skipIf(releases.length === 0).each(releases)(`VPP %s${unlessMissing}`, (release) => {
  test("a socket that is registered, a memif without a tag on it, and an empty bridge go", async () => {
    await using bench = await DriverBench.start(release);
    const socket = bench.socket("mine");
    await makeRaw(bench, release, 7, socket, [""]);
    bench.vpp.bridgeDomains.set(4, domainOf("vswo/lab/4"));
    expect(await bench.vswitch.deleteInterface("never-was", { sockets: [socket] })).toMatchObject({
      value: { deleted: true },
    });
    expect(bench.state()).toEqual(nothing);
  });

  test("a registration alone goes, and again there is nothing to do", async () => {
    await using bench = await DriverBench.start(release);
    const socket = bench.socket("mine");
    await makeRaw(bench, release, 7, socket, []);
    for (let nth = 0; nth < 2; nth += 1) {
      expect(await bench.vswitch.deleteInterface("never-was", { sockets: [socket] })).toMatchObject({
        value: { deleted: false },
      });
      expect(bench.state()).toEqual(nothing);
    }
  });

  test("a deletion that VPP does not let us finish says what is left, and the next one takes it", async () => {
    await using bench = await DriverBench.start(release);
    const socket = bench.socket("mine");
    const memif = { type: "memif", name: "net0", role: "master", socket, attach: { bridge: "4" } } as const;
    (await bench.vswitch.createInterface(memif)).unwrap();
    const refused = { kind: "refused", retval: -1 } as const;
    for (const message of ["memif_socket_filename_add_del", "memif_socket_filename_add_del_v2"])
      bench.server.fail(message, refused, 10);
    const error = (await bench.vswitch.deleteInterface("net0")).unwrapErr();
    expect(error).toMatchObject({
      kind: "rejected",
      reason: "UNSPECIFIED",
      leftBehind: [expect.stringContaining("what belongs to the interface net0")],
    });
    expect(error.message).toContain("left behind: what belongs to the interface net0");
    bench.server.clearFaults();
    (await bench.vswitch.deleteInterface("net0", { sockets: [socket] })).unwrap();
    expect(bench.state()).toEqual(nothing);
  });

  test("what has a tag, other sockets, and others' bridges stay", async () => {
    await using bench = await DriverBench.start(release);
    const [mine, theirs] = [bench.socket("mine"), bench.socket("theirs")];
    await makeRaw(bench, release, 7, mine, ["uplink", "vswn/lab/other"]);
    await makeRaw(bench, release, 8, theirs, [""]);
    bench.vpp.bridgeDomains.set(4, domainOf("vswo/cni/4"));
    bench.vpp.bridgeDomains.set(5, domainOf(""));
    const before = bench.state();
    for (const sockets of [[mine], [], undefined])
      expect(await bench.vswitch.deleteInterface("never-was", { sockets })).toMatchObject({
        value: { deleted: false },
      });
    expect(bench.state()).toEqual(before);
  });
});

const domainOf = (tag: string) => ({
  bdId: tag === "" ? 5 : 4,
  flood: true,
  uuFlood: true,
  forward: true,
  learn: true,
  arpTerm: false,
  arpUfwd: false,
  macAge: 0,
  tag,
});

test.skipIf(releases.length === 0).each([["x"], [1], [["x", 2]]])(
  `sockets %j is no list of paths${unlessMissing}`,
  async (sockets) => {
    await using bench = await DriverBench.start(releases.at(-1) ?? "");
    const options: object = { sockets };
    expect(await bench.vswitch.deleteInterface("net0", options)).toMatchObject({
      error: { kind: "invalid" },
    });
  },
);
