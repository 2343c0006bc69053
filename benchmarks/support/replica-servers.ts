import { setTimeout as pause } from "node:timers/promises";
import type { OvsdbServer } from "../../test/support/openvswitch.js";
import { RawClient } from "../../test/testing/ovsdb/raw-client.js";
import { clock } from "./replica-result.js";

/** The database Bench: one table, with a column of every shape. */
export const schema = {
  name: "Bench",
  version: "1.0.0",
  tables: {
    Item: {
      isRoot: true,
      indexes: [["name"]],
      columns: {
        name: { type: "string" },
        n: { type: "integer" },
        tags: { type: { key: "integer", min: 0, max: "unlimited" } },
        opts: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        note: { type: { key: "string", min: 0 } },
      },
    },
  },
};

/** Open vSwitch's own schema, of Debian's package openvswitch-common. */
export const switchSchemaFile = "/usr/share/openvswitch/vswitch.ovsschema";

/** A uuid of version 4, of which there is one for each kind and number. */
const uuid = (kind: number, n: number): string =>
  `${n.toString(16).padStart(8, "0")}-000${kind}-4000-8000-000000000000`;

const map = (pairs: readonly (readonly [string, unknown])[]): unknown => ["map", pairs];

const opts = map([
  ["owner", "benchmark"],
  ["iface-id", "0123456789abcdef"],
]);

/** Fills Bench with rows. */
export async function fill(server: OvsdbServer, rows: number): Promise<void> {
  using client = await RawClient.connect(server.remote);
  for (let from = 0; from < rows; from += 1000) {
    const operations = Array.from({ length: Math.min(1000, rows - from) }, (_, at) => {
      const n = from + at;
      const row = { name: `item-${n}`, n, tags: ["set", [n, n + 1, n + 2]], opts };
      return { op: "insert", table: "Item", uuid: uuid(0, n), row };
    });
    await client.request("transact", ["Bench", ...operations]);
  }
}

const counters =
  "collisions rx_bytes rx_crc_err rx_dropped rx_errors rx_frame_err rx_missed_errors rx_over_err rx_packets tx_bytes tx_dropped tx_errors tx_packets".split(
    " ",
  );

/** What ovs-vswitchd keeps of an interface. */
function interfaceRow(n: number): Readonly<Record<string, unknown>> {
  const mac = `aa:bb:cc:00:${((n >> 8) & 255).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;
  return {
    name: `p${n}`,
    type: "internal",
    ofport: n + 1,
    admin_state: "up",
    link_state: "up",
    mtu: 1500,
    mac_in_use: mac,
    statistics: map(counters.map((name, at) => [name, n * 1000 + at])),
    status: map([
      ["driver_name", "tun"],
      ["driver_version", "1.6"],
    ]),
    external_ids: map([
      ["iface-id", `0123456789abcdef-${n}`],
      ["attached-mac", mac],
    ]),
  };
}

/** Fills a switch with one bridge, br0, of so many ports, each of one interface. */
export async function fillPorts(server: OvsdbServer, count: number): Promise<void> {
  using client = await RawClient.connect(server.remote);
  const transact = (operations: readonly unknown[]) =>
    client.request("transact", ["Open_vSwitch", ...operations]);
  await transact([
    { op: "insert", table: "Bridge", "uuid-name": "br", row: { name: "br0", datapath_type: "netdev" } },
    { op: "insert", table: "Open_vSwitch", row: { bridges: ["named-uuid", "br"] } },
  ]);
  for (let from = 0; from < count; from += 250) {
    const numbers = Array.from({ length: Math.min(250, count - from) }, (_, at) => from + at);
    const rows = numbers.flatMap((n) => [
      { op: "insert", table: "Interface", uuid: uuid(2, n), row: interfaceRow(n) },
      {
        op: "insert",
        table: "Port",
        uuid: uuid(3, n),
        row: { name: `p${n}`, interfaces: ["uuid", uuid(2, n)], external_ids: map([["owner", "lab"]]) },
      },
    ]);
    const members = ["set", numbers.map((n) => ["uuid", uuid(3, n)])];
    const mutations = [["ports", "insert", members]];
    await transact([...rows, { op: "mutate", table: "Bridge", where: [["name", "==", "br0"]], mutations }]);
  }
}

/** Rows that are changed in one transaction. */
const batch = 50;

const change = (row: number, n: number) => ({
  op: "update",
  table: "Item",
  where: [["_uuid", "==", ["uuid", uuid(0, row)]]],
  row: { n },
});

/** Changes `n` of so many rows a second, for two seconds, to the time at which it does so; at last, of one to -1. */
export async function write(server: OvsdbServer, rate: number): Promise<void> {
  using client = await RawClient.connect(server.remote);
  const began = performance.now();
  for (let done = 0; done < rate * 2; done += batch) {
    await pause(Math.max(0, began + (done / rate) * 1000 - performance.now()));
    const now = clock();
    const rows = Array.from({ length: batch }, (_, at) => change((done + at) % 10_000, now));
    await client.request("transact", ["Bench", ...rows]);
  }
  await client.request("transact", ["Bench", change(0, -1)]);
}

/** Changes `n` of so many rows, as quickly as the server does it; at last, of one to -1. */
export async function rewrite(server: OvsdbServer, count: number): Promise<void> {
  using client = await RawClient.connect(server.remote);
  for (let done = 0; done < count; done += batch) {
    const rows = Array.from({ length: batch }, (_, at) => change((done + at) % 10_000, done + at));
    await client.request("transact", ["Bench", ...rows]);
  }
  await client.request("transact", ["Bench", change(0, -1)]);
}
