/** The client beside a real VPP. It makes loopbacks there, and deletes them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { VppClient } from "../../../src/vpp/api/client.js";
import { connectVpp } from "../../../src/vpp/api/connect.js";
import { realVpp, unlessReal } from "../../support/vpp-real.js";
import { modelOf } from "../schema/api-files.js";

const all = { name_filter_valid: false, name_filter: "" };

async function connect(): Promise<VppClient> {
  if (realVpp === undefined) throw new Error("no VPP to connect to");
  const model = modelOf(await realVpp.release());
  return (await connectVpp({ remote: realVpp.remote, api: { model } })).unwrap();
}

describe.skipIf(realVpp === undefined)(`the client beside a real VPP${unlessReal}`, () => {
  let client: VppClient;

  beforeAll(async () => {
    if (realVpp !== undefined) client = await connect();
  });

  afterAll(async () => {
    if (realVpp !== undefined) await client.close();
  });

  async function makeLoopbacks(count: number): Promise<readonly unknown[]> {
    const made = await Promise.all(
      Array.from({ length: count }, () =>
        client.call("create_loopback", { mac_address: "00:00:00:00:00:00" }, { timeoutMs: 60_000 }),
      ),
    );
    return made.map((reply) => reply.unwrap()["sw_if_index"]);
  }

  async function deleteLoopbacks(indices: readonly unknown[]): Promise<void> {
    const deleted = await Promise.all(
      indices.map((sw_if_index) => client.call("delete_loopback", { sw_if_index }, { timeoutMs: 60_000 })),
    );
    for (const reply of deleted) reply.unwrap();
  }

  test("10,000 pings in flight are all answered", async () => {
    const pings = await Promise.all(Array.from({ length: 10_000 }, () => client.ping({ timeoutMs: 60_000 })));
    expect(pings.every((ping) => ping.isOk())).toBe(true);
  });

  test("a dump of 500 loopbacks: collected, iterated, left early", async () => {
    const made = await makeLoopbacks(500);
    try {
      const collected = (await client.dump("sw_interface_dump", all).all()).unwrap();
      expect(collected.map((details) => details["sw_if_index"])).toStrictEqual(
        expect.arrayContaining([...made]),
      );
      let iterated = 0;
      for await (const details of client.dump("sw_interface_dump", all)) {
        details.unwrap();
        iterated++;
      }
      expect(iterated).toBe(collected.length);
      for await (const _details of client.dump("sw_interface_dump", all)) break;
      expect((await client.call("show_version")).unwrap()["program"]).toBe("vpe");
    } finally {
      await deleteLoopbacks(made);
    }
  });

  test("events: made, up, gone", async () => {
    await using events = (await client.events("want_interface_events")).unwrap();
    await using second = (await client.events("want_interface_events")).unwrap();
    const [sw_if_index] = await makeLoopbacks(1);
    const seen: unknown[] = [];
    const read = async (): Promise<unknown> => {
      const { value } = await events.next();
      return value?.kind === "event" ? value.value : value;
    };
    seen.push(await read());
    (await client.call("sw_interface_set_flags", { sw_if_index, flags: 1 })).unwrap();
    seen.push(await read());
    await deleteLoopbacks([sw_if_index]);
    seen.push(await read());
    const { pid } = process;
    expect(seen).toStrictEqual([
      { pid, sw_if_index, flags: 0, deleted: false },
      { pid, sw_if_index, flags: 3, deleted: false },
      { pid, sw_if_index, flags: 0, deleted: true },
    ]);
    expect((await second.next()).value).toMatchObject({ kind: "event" });
  });

  test("40 clients that close at once leave a VPP that works", async () => {
    const clients = await Promise.all(Array.from({ length: 40 }, connect));
    await Promise.all(clients.map((one) => one.ping()));
    await Promise.all(clients.map((one) => one.close()));
    expect((await client.ping()).isOk()).toBe(true);
  });

  test("messages of another release: what it has under another CRC is used, what it lacks is told", () => {
    const { message, ...capability } = client.capability("bridge_domain_add_del") ?? { message: "" };
    expect(message).toBe("bridge_domain_add_del");
    expect(capability).toMatchObject({ state: "available", crc: "600b7170" });
    expect(client.capability("no_such_thing_dump")).toMatchObject({ state: "plugin-not-loaded" });
  });
});
