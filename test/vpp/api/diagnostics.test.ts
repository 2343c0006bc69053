import { describe, expect, onTestFinished, test } from "vitest";

import { callChannel, connectionChannel } from "../../../src/vpp/api/diagnostics.js";
import { asRecord } from "../schema/narrow.js";
import { haveThings, toyClient, toyServer } from "../../support/vpp-toy-api.js";

/** What a channel publishes while the test runs. */
function listen(channel: typeof callChannel): unknown[] {
  const records: unknown[] = [];
  const onRecord = (record: unknown): void => void records.push(record);
  channel.subscribe(onRecord);
  onTestFinished(() => {
    channel.unsubscribe(onRecord);
  });
  return records;
}

/** Some fields of each record. */
function columns(records: readonly unknown[], ...fields: readonly string[]): readonly unknown[] {
  return records.map((record) => fields.map((field) => asRecord(record)[field]));
}

describe("node:diagnostics_channel", () => {
  test("tells of every call: name, bytes, time, return value", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { name: "watched" });
    const records = listen(callChannel);
    await client.call("thing_add", { name: "a" });
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      client: "watched",
      message: "thing_add",
      context: 1,
      requestBytes: 31,
      replyBytes: 14,
      details: 0,
      retval: 0,
      outcome: "ok",
    });
    expect(asRecord(records[0])["durationMs"]).toBeGreaterThan(0);
  });

  test("tells of refusals, deadlines, what could not be sent, dumps and streams", async () => {
    await using server = await toyServer({ pageSize: 2 });
    await using client = await toyClient(server);
    haveThings(server, 3);
    const records = listen(callChannel);
    server.fail("thing_add", { kind: "refused", retval: -7 });
    await client.call("thing_add", { name: "a" });
    server.fail("thing_add", { kind: "missing" });
    await client.call("thing_add", { name: "a" }, { timeoutMs: 20 });
    await client.call("thing_add", { name: 1 });
    await client.dump("thing_dump").all();
    await client.dump("thing_get").all();
    await (await client.events("want_thing_events")).unwrap().return();
    await client.ping();
    expect(columns(records, "message", "outcome", "retval", "details")).toStrictEqual([
      ["thing_add", "rejected", -7, 0],
      ["thing_add", "timeout", undefined, 0],
      ["thing_add", "invalid", undefined, 0],
      ["thing_dump", "ok", undefined, 3],
      ["thing_get", "ok", 0, 3],
      ["want_thing_events", "ok", 0, 0],
      ["want_thing_events", "ok", 0, 0],
    ]);
  });

  test("tells of connections", async () => {
    await using server = await toyServer();
    const records = listen(connectionChannel);
    const client = await toyClient(server, { name: "watched" });
    await server.stop();
    await expect.poll(() => client.state).toBe("connecting");
    await client.close();
    expect(columns(records, "client", "state", "generation")).toStrictEqual([
      ["watched", "ready", 1],
      ["watched", "lost", 1],
      ["watched", "closed", 1],
    ]);
    expect(asRecord(records[1])["reason"]).toBe("the server hung up");
  });
});
