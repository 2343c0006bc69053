/** Connections to real ovsdb-servers: over every transport, to other schemas, and their ends. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openVSwitchSchema, type OpenVSwitchDatabase } from "../../src/ovs/schema/open-vswitch.js";
import { connectOvsdb, named, operations } from "../../src/ovsdb/index.js";
import { startOvsdbServer } from "../support/openvswitch.js";
import { labJson } from "./lab.js";
import { addItem, LabServer, options } from "./lab-server.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";

const { insert, select, update, wait } = operations<LabDatabase>();

const aText: unknown = expect.any(String);

let lab: LabServer;

beforeAll(async () => {
  lab = await LabServer.start({ listen: ["tcp", "ssl"] });
});

beforeEach(() => lab.empty());

afterAll(() => lab[Symbol.asyncDispose]());

describe("a connection", () => {
  it.each(["unix", "tcp"] as const)("over %s", async (kind) => {
    await using other = (
      await connectOvsdb({ remote: lab.server.remotes[kind] ?? "", database: "Lab" })
    ).unwrap();
    (await other.echo(options)).unwrap();
    expect((await other.listDbs(options)).unwrap()).toEqual(["Lab", "_Server"]);
    expect((await other.getServerId(options)).unwrap()).toBe(
      (await lab.client.getServerId(options)).unwrap(),
    );
  });

  it("over TLS", async () => {
    const { authority, client: own } = lab.server.certificates ?? {};
    const tls = { ca: authority, cert: own?.certificate, key: own?.key };
    const remote = lab.server.remotes.ssl ?? "";
    await using other = (await connectOvsdb({ remote, database: "Lab", tls })).unwrap();
    expect(other.schema.has("Item")).toBe(true);
  });

  it("to a database that is not there names those that are", async () => {
    const error = (await connectOvsdb({ remote: lab.server.remote, database: "Open_vSwitch" })).unwrapErr();
    expect(error).toMatchObject({ kind: "not-found", object: "database Open_vSwitch" });
    expect(error.message).toContain("it has Lab");
  });

  it("a transaction that is given up while it waits is not done when its time comes", async () => {
    const waiting = [
      wait("Log", [["k", "==", 5]], ["k"], "==", [{ k: 5 }], 60_000),
      insert("Log", { msg: "late" }),
    ];
    expect(
      (await lab.client.transact(waiting, { operation: "test", timeoutMs: 30 })).unwrapErr(),
    ).toMatchObject({
      kind: "timeout",
      outcome: "unknown",
    });
    await lab.done(insert("Log", { k: 5 }));
    const [{ rows }] = await lab.done(select("Log", [], ["msg"]));
    expect(rows).toMatchObject([{ msg: "" }]);
  });

  it("a transaction whose signal fires is not done either", async () => {
    const waiting = [
      wait("Log", [["k", "==", 6]], ["k"], "==", [{ k: 6 }], 60_000),
      insert("Log", { msg: "late" }),
    ];
    const abort = new AbortController();
    const aborted = lab.client.transact(waiting, { ...options, signal: abort.signal });
    (await lab.client.echo(options)).unwrap();
    abort.abort();
    expect((await aborted).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "unknown" });
    await lab.done(insert("Log", { k: 6 }));
    const [{ rows }] = await lab.done(select("Log", [], ["msg"]));
    expect(rows).toMatchObject([{ msg: "" }]);
  });

  it("the largest and the smallest real are there again when the server has started again", async () => {
    await using own = await LabServer.start();
    await own.empty();
    const reals = [1.797_693_134_862_31e308, -1.797_693_134_862_31e308, 2.225_073_858_507_21e-308];
    for (const r of reals) await own.done(...addItem({ name: `${r}`, r }));
    await own.server.stopServer();
    await own.server.startServer();
    await using again = await own.another();
    const [{ rows }] = (await again.transact([select("Item", [], ["r"])], options)).unwrap();
    expect(new Set(rows.map(({ r }) => r))).toEqual(new Set(reals));
  });

  it("a server that dies leaves it unknown whether a transaction was done", async () => {
    await using doomed = await startOvsdbServer({ schema: labJson });
    await using other = (
      await connectOvsdb<LabDatabase>({ remote: doomed.remote, database: "Lab" })
    ).unwrap();
    const waiting = other.transact([wait("Log", [], ["k"], "!=", [], 60_000)], options);
    (await other.echo(options)).unwrap();
    await doomed.killServer();
    expect((await waiting).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "unknown" });
    expect(other.closed).toMatchObject({ kind: "disconnected" });
  });
});

describe("a server with another schema than the program was written for", () => {
  const { kind: _kind, n: _n, ...columns } = labJson.tables.Item.columns;
  const tables = {
    ...labJson.tables,
    Item: { columns: { ...columns, n: { type: { key: "integer", min: 0, max: 9 } } } },
  };

  it("reads what it lacks as the default, and refuses to write it", async () => {
    await using older = await startOvsdbServer({ schema: { ...labJson, tables } });
    await using other = (
      await connectOvsdb({ remote: older.remote, database: "Lab", schema: labSchema })
    ).unwrap();
    const item = insert("Item", { name: "x" }, { uuidName: "i" });
    (await other.transact([item, insert("Root", { items: [named("i")] })], options)).unwrap();
    const [{ rows }] = (await other.transact([select("Item", [], ["name", "kind"])], options)).unwrap();
    expect(rows).toMatchObject([{ name: "x", kind: null }]);
    await using monitor = (await other.monitor({ Item: { columns: ["name", "kind"] } }, options)).unwrap();
    expect(monitor.absent).toEqual(["Item.kind"]);
    expect([...monitor.table("Item").values()]).toMatchObject([{ name: "x", kind: null }]);
    const write = await other.transact([update("Item", [], { kind: "a" })], options);
    expect(write.unwrapErr()).toMatchObject({ kind: "incompatible", item: "Item.kind", why: "absent" });
    const read = await other.transact([select("Item", [], ["n"])], options);
    expect(read.unwrapErr()).toMatchObject({ kind: "incompatible", item: "Item.n", why: "other-layout" });
  });
});

describe("the database of Open vSwitch", () => {
  it("is read and written by the types that were generated", async () => {
    await using ovs = await startOvsdbServer();
    const connected = await connectOvsdb({
      remote: ovs.remote,
      database: "Open_vSwitch",
      schema: openVSwitchSchema,
    });
    await using db = connected.unwrap();
    const { insert, select } = operations<OpenVSwitchDatabase>();
    const made = [
      insert(
        "Interface",
        { name: "p0", type: "internal", options: new Map([["a", "b"]]), mtu_request: 1500 },
        { uuidName: "i" },
      ),
      insert(
        "Port",
        { name: "p0", interfaces: [named("i")], tag: 4095, vlan_mode: "access" },
        { uuidName: "p" },
      ),
      insert("Bridge", { name: "br0", ports: [named("p")], datapath_type: "netdev" }, { uuidName: "b" }),
      insert("Open_vSwitch", { bridges: [named("b")] }),
    ];
    (await db.transact(made, options)).unwrap();
    const read = [
      select("Port", [["name", "==", "p0"]], ["tag", "trunks", "vlan_mode", "external_ids"]),
      select("Interface", []),
    ] as const;
    const [{ rows: ports }, { rows: interfaces }] = (await db.transact(read, options)).unwrap();
    expect(ports).toEqual([
      { _uuid: aText, tag: 4095, trunks: [], vlan_mode: "access", external_ids: new Map() },
    ]);
    expect(interfaces).toMatchObject([
      { name: "p0", options: new Map([["a", "b"]]), ofport: null, statistics: new Map() },
    ]);
  });
});
