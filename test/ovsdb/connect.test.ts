import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectOvsdb, defineSchema } from "../../src/ovsdb/index.js";
import { labJson } from "./lab.js";
import { ScriptedServer } from "./scripted-server.js";

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(() => server[Symbol.asyncDispose]());

describe("connectOvsdb", () => {
  it("asks for the schema, and gives a client that knows it", async () => {
    const { peer, connecting } = await server.dialled();
    expect(await peer.answer(labJson)).toMatchObject({ method: "get_schema", params: ["Lab"] });
    await using client = (await connecting).unwrap();
    expect(client.schema.has("Item", "tags")).toBe(true);
    expect(client.closed).toBeUndefined();
  });

  it("names the databases that are there where the wanted one is not", async () => {
    const { peer, connecting } = await server.dialled();
    const { id } = await peer.next();
    peer.send(
      JSON.stringify({
        id,
        error: { error: "unknown database", details: "get_schema request specifies unknown database Lab" },
      }),
    );
    await peer.answer(["Open_vSwitch", "hardware_vtep", "_Server"]);
    const error = (await connecting).unwrapErr();
    expect(error).toMatchObject({ kind: "not-found", object: "database Lab", operation: "connectOvsdb" });
    expect(error.message).toBe(
      "connectOvsdb: the server has no database Lab; it has Open_vSwitch, hardware_vtep",
    );
    await peer.ended;
  });

  it.each<[string, string | object, string, string]>([
    ["an HTTP server", "HTTP/1.1 400 Bad Request\r\n\r\n", "protocol", "HTTP server"],
    ["a server of another JSON-RPC service", { error: "unknown method" }, "protocol", "not an OVSDB server"],
    [
      "the control socket of ovs-vswitchd",
      {
        error: '"get_schema" is not a valid command (use "list-commands" to see a list of valid commands)\n',
      },
      "protocol",
      "usually db.sock",
    ],
    [
      "a server with a schema that is none",
      { result: { name: "Lab" }, error: null },
      "protocol",
      "schema: tables is nothing",
    ],
    [
      "a server with __proto__ for a table",
      '{"id":1,"result":{"name":"Lab","tables":{"__proto__":{"columns":{}}}},"error":null}',
      "protocol",
      "__proto__",
    ],
    [
      "a cluster member that has not joined",
      { error: { error: "database not available", details: "d" } },
      "rejected",
      "use another remote",
    ],
  ])("tells %s", async (_what, answer, kind, words) => {
    const { peer, connecting } = await server.dialled();
    const { id } = await peer.next();
    peer.send(typeof answer === "string" ? answer : JSON.stringify({ id, ...answer }));
    const error = (await connecting).unwrapErr();
    expect(error).toMatchObject({ kind, operation: "connectOvsdb" });
    expect(error.message).toContain(words);
    await peer.ended;
  });

  it("tells a server that hangs up", async () => {
    const { peer, connecting } = await server.dialled();
    await peer.next();
    peer.end();
    expect((await connecting).unwrapErr()).toMatchObject({ kind: "disconnected" });
  });

  it("gives up on a server that says nothing, and closes the connection", async () => {
    const { peer, connecting } = await server.dialled({ timeoutMs: 50, operation: "createInterface" });
    expect((await connecting).unwrapErr()).toMatchObject({
      kind: "timeout",
      outcome: "not-sent",
      operation: "createInterface",
    });
    await peer.ended;
  });

  it("gives up when the signal fires", async () => {
    const abort = new AbortController();
    const { peer, connecting } = await server.dialled({ signal: abort.signal });
    await peer.next();
    abort.abort();
    expect((await connecting).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "not-sent" });
    await peer.ended;
  });

  it("tells that nobody listens", async () => {
    const error = (await connectOvsdb({ remote: "unix:/nonexistent/db.sock", database: "Lab" })).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "ENOENT" });
  });

  it.each<[string, object, string]>([
    ["a remote that is none", { remote: "db.sock" }, "remote"],
    ["a database that is no name", { database: "" }, "database"],
    ["a deadline that is none", { timeoutMs: 0 }, "timeoutMs"],
    ["a schema that is none", { schema: defineSchema({ name: "Lab" }) }, "schema.tables"],
  ])("refuses %s before it connects", async (_what, bad, path) => {
    const options = { remote: "unix:/nonexistent/db.sock", database: "Lab", ...bad };
    expect((await connectOvsdb(options)).unwrapErr()).toMatchObject({ kind: "invalid", path });
  });
});
