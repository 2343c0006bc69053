/** The server of this library and a real ovsdb-server are asked the same, one after the other, and say the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { OvsdbServer } from "../../../src/testing/index.js";
import { labJson } from "../../ovsdb/lab.js";
import { startOvsdbServer, type OvsdbServer as RealServer } from "../../support/openvswitch.js";
import { comparable, RawClient } from "./raw-client.js";
import { scenarios, type Step } from "./scenarios.js";

const known = new Set<string>([
  "11111111-2222-4333-8444-555555555555",
  "00000000-0000-4000-8000-000000000000",
]);

let real: RealServer;

beforeAll(async () => {
  real = await startOvsdbServer({ schema: labJson });
});

afterAll(() => real.stop());

/** Plays a scenario; what each of its clients hears. */
async function play(remote: string, steps: readonly Step[]): Promise<unknown> {
  const clients = new Map<string, RawClient>();
  const heard: unknown[] = [];
  for (const { by, send, to } of steps) {
    const client = clients.get(by) ?? (await RawClient.connect(remote));
    clients.set(by, client);
    client.send(send);
    if (to === "nothing") {
      heard.push([by, await client.settled()]);
      continue;
    }
    heard.push([by, await client.upTo(to)]);
    for (const [name, other] of clients) if (other !== client) heard.push([name, await other.settled()]);
  }
  for (const client of clients.values()) client[Symbol.dispose]();
  return comparable(heard, known);
}

const prepare = async (remote: string): Promise<void> => {
  using client = await RawClient.connect(remote);
  const empty = ["Root", "Log"].map((table) => ({ op: "delete", table, where: [] }));
  await client.request("transact", ["Lab", ...empty]);
};

describe.each(Object.entries(scenarios))("%s", (_name, steps) => {
  it("is answered as by ovsdb-server", async () => {
    await using ours = await OvsdbServer.start({ schemas: [labJson] });
    await prepare(real.remote);
    expect(await play(ours.remote, steps)).toEqual(await play(real.remote, steps));
  });
});
