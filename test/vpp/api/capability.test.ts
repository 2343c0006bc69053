import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { VppServer } from "../../../src/testing/vpp/index.js";
import { connectVpp } from "../../../src/vpp/api/connect.js";
import { ApiCodecs, type ApiModel } from "../../../src/vpp/schema/index.js";
import { pingEntries, VppPeer } from "../../support/vpp-peer.js";
import { requestFields, toyApi, toyClient, toyServer } from "../../support/vpp-toy-api.js";
import { apiDirectory, modelOf, releases, unlessMissing } from "../schema/api-files.js";

/** The small API with other CRCs for the same bytes, as 274 messages of 21.06 had. */
function withOtherCrcs(api: ApiModel): ApiModel {
  return {
    ...api,
    messages: new Map(
      [...api.messages].map(([name, message]) => [
        name,
        message.module === "memclnt" ? message : { ...message, crc: message.crc.replace(/^0000/, "abcd") },
      ]),
    ),
  };
}

describe("what a server has", () => {
  test("is used by its CRC", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect(client.capability("thing_add")).toMatchObject({ state: "available", crc: "00000001" });
    expect(client.capability(new ApiCodecs(toyApi()).message("thing_add").unwrap())).toMatchObject({
      state: "available",
    });
  });

  test("under another CRC is used if its API files say that the bytes are the same", async () => {
    await using server = await toyServer({ api: withOtherCrcs(toyApi()) });
    const codec = new ApiCodecs(toyApi()).call("thing_add").unwrap();
    await using client = await toyClient(server, { api: { model: withOtherCrcs(toyApi()) } });
    expect(client.capability(codec)).toMatchObject({ state: "available", crc: "abcd0001" });
    expect((await client.call(codec, { name: "a", size: 3 })).unwrap()["index"]).toBe(3);
  });

  test("under another CRC is not used if nobody knows its bytes: nothing is sent", async () => {
    await using server = await toyServer({ api: withOtherCrcs(toyApi()) });
    await using client = await toyClient(server, { api: undefined });
    const codec = new ApiCodecs(toyApi()).call("thing_add").unwrap();
    expect(client.capability(codec)).toStrictEqual({
      state: "other-layout",
      message: "thing_add",
      crc: "abcd0001",
    });
    const error = (await client.call(codec, { name: "a" })).unwrapErr();
    expect(error).toMatchObject({
      kind: "incompatible",
      why: "other-layout",
      item: "thing_add",
      wanted: "thing_add_00000001",
      present: "thing_add_abcd0001",
    });
    expect(error.message).toContain("generate bindings from this server's API files");
    expect([...server.requests]).toStrictEqual([]);
  });

  test("laid out otherwise under the same CRC, as in 20.01: not used, where its API files tell", async () => {
    const other = toyApi({ thing_add: [...requestFields, ["u32", "af"], ["string", "name", 16]] });
    const message = other.messages.get("thing_add");
    if (message === undefined) throw new Error("no thing_add");
    const lying = {
      ...other,
      messages: new Map(other.messages).set("thing_add", { ...message, crc: "00000001" }),
    };
    await using server = await toyServer({ api: lying });
    await using client = await toyClient(server, { api: { model: lying } });
    const codec = new ApiCodecs(toyApi()).call("thing_add").unwrap();
    expect((await client.call(codec, { name: "a" })).unwrapErr()).toMatchObject({
      kind: "incompatible",
      why: "other-layout",
    });
  });

  test("answers in another form: the request is not sent", async () => {
    const api = toyApi({
      thing_add_reply: [
        ["u16", "_vl_msg_id"],
        ["u32", "context"],
        ["i32", "retval"],
      ],
    });
    await using server = await toyServer({ api });
    await using client = await toyClient(server);
    expect((await client.call("thing_add", { name: "a" })).unwrapErr()).toMatchObject({
      kind: "incompatible",
      item: "thing_add_reply",
    });
    expect([...server.requests]).toStrictEqual([]);
  });
});

describe("what a server lacks", () => {
  test("because the plugin is not loaded", async () => {
    await using server = await toyServer({ modules: [] });
    await using client = await toyClient(server);
    expect(client.capability("thing_add")).toStrictEqual({
      state: "plugin-not-loaded",
      message: "thing_add",
      module: "things",
    });
    const error = (await client.call("thing_add", { name: "a" })).unwrapErr();
    expect(error).toMatchObject({ kind: "incompatible", why: "plugin-not-loaded" });
    expect(error.message).toContain("show plugins");
  });

  test("because its release has not got it", async () => {
    await using server = await toyServer({ api: toyApi({ thing_place: undefined }) });
    await using client = await toyClient(server);
    expect(client.capability("thing_place")).toStrictEqual({
      state: "absent",
      message: "thing_place",
      alternatives: [],
    });
    expect((await client.call("thing_place")).unwrapErr()).toMatchObject({ why: "absent" });
  });

  test("known by codecs alone: what the message is about tells plugin from release", async () => {
    const codec = new ApiCodecs(toyApi()).message("thing_place").unwrap();
    await using bare = await toyServer({ modules: [] });
    await using blind = await toyClient(bare, { api: undefined });
    expect(blind.capability(codec)).toMatchObject({ state: "plugin-not-loaded", module: "thing_place" });
    await using server = await toyServer();
    await using client = await toyClient(server, { api: undefined });
    expect(client.capability({ ...codec, name: "thing_version_v2" })).toMatchObject({
      state: "absent",
      alternatives: ["thing_version"],
    });
  });
});

describe("the table of the handshake", () => {
  test("cuts names at 63 characters: such a message is found by its beginning", async () => {
    const long = "thing_with_a_name_that_is_so_long_that_its_crc_is_cut_in_half";
    const entry = `${long}_00000abc`.slice(0, 63);
    await using peer = await VppPeer.listen();
    const connecting = connectVpp({ remote: peer.remote });
    await peer.welcome([...pingEntries, [entry, 300]]);
    const client = (await connecting).unwrap();
    const codec = new ApiCodecs(toyApi()).message("thing_add").unwrap();
    const named = { ...codec, name: long, crcs: ["00000abc"] };
    expect(client.capability(named)).toStrictEqual({
      state: "available",
      message: long,
      id: 300,
      crc: "00000abc",
    });
    const closing = client.close();
    peer.hangUp();
    await closing;
  });
});

describe.skipIf(releases.length === 0)(`the tables of real releases${unlessMissing}`, () => {
  const newest = releases.at(-1) ?? "";
  const oldest = releases[0] ?? "";

  test("a client that knows the newest finds in the oldest what has not changed, and says what it has instead", async () => {
    await using server = (await VppServer.start({ api: modelOf(oldest) })).unwrap();
    await using client = (
      await connectVpp({ remote: server.remote, api: { model: modelOf(oldest) } })
    ).unwrap();
    const codecs = new ApiCodecs(modelOf(newest));
    const stateOf = (name: string): unknown => client.capability(codecs.message(name).unwrap());
    // Other CRC, same bytes.
    expect(stateOf("sw_interface_add_del_address")).toMatchObject({ state: "available", crc: "5803d5c4" });
    expect(stateOf("memif_create_v2")).toMatchObject({ state: "absent", alternatives: ["memif_create"] });
    expect(stateOf("bridge_domain_add_del_v2")).toMatchObject({ alternatives: ["bridge_domain_add_del"] });
    expect(stateOf("tap_create_v3")).toMatchObject({ alternatives: ["tap_create_v2"] });
    expect(stateOf("npol_policy_create")).toMatchObject({ state: "plugin-not-loaded" });
  });

  test("a VPP older than 20.05 needs its API files: equal CRCs mean nothing there", async () => {
    const model = modelOf(oldest);
    const dump = model.messages.get("bridge_domain_dump");
    if (dump === undefined) throw new Error("no bridge_domain_dump");
    const old = {
      ...model,
      messages: new Map(model.messages).set("bridge_domain_dump", { ...dump, crc: "c25fdce6" }),
    };
    await using server = (await VppServer.start({ api: old })).unwrap();
    const codec = new ApiCodecs(modelOf(oldest)).call("show_version").unwrap();
    await using blind = (await connectVpp({ remote: server.remote })).unwrap();
    const error = (await blind.call(codec, {})).unwrapErr();
    expect(error).toMatchObject({ kind: "incompatible", why: "other-layout" });
    expect(error.message).toContain("older than 20.05");
    await using client = (await connectVpp({ remote: server.remote, api: { model: old } })).unwrap();
    expect((await client.call(codec, {})).isOk()).toBe(true);
  });

  test("a VPP of 24.06 or later tells its own API", async () => {
    const directory = join(apiDirectory, newest);
    await using server = (await VppServer.start({ api: { directory } })).unwrap();
    await using client = (await connectVpp({ remote: server.remote, api: "bootstrap" })).unwrap();
    expect((await client.call("show_version")).unwrap()["program"]).toBe("vpe");
  });
});
