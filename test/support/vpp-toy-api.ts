/**
 * A small API in the form of VPP's own, for tests that need a VPP of a few messages: the handshake's module as every
 * VPP has it, and a module `things` with one message of every kind.
 */
import { readApi, type ApiModel } from "../../src/vpp/schema/index.js";
import type { VppConnectOptions } from "../../src/vpp/api/options.js";
import { connectVpp } from "../../src/vpp/api/connect.js";
import type { VppClient } from "../../src/vpp/api/client.js";
import { VppServer, type VppServerOptions } from "../../src/testing/vpp/index.js";

type Field = readonly [type: string, name: string, ...rest: unknown[]];

const request: readonly Field[] = [
  ["u16", "_vl_msg_id"],
  ["u32", "client_index"],
  ["u32", "context"],
];
const reply: readonly Field[] = [
  ["u16", "_vl_msg_id"],
  ["u32", "context"],
];
const event: readonly Field[] = [
  ["u16", "_vl_msg_id"],
  ["u32", "client_index"],
  ["u32", "pid"],
];

/** The messages of `memclnt.api` up to 22, whose ids are their places. */
const fixed = [
  "memclnt_create",
  "memclnt_create_reply",
  "memclnt_delete",
  "memclnt_delete_reply",
  "rx_thread_exit",
  "memclnt_rx_thread_suspend",
  "memclnt_read_timeout",
  "rpc_call",
  "rpc_call_reply",
  "get_first_msg_id",
  "get_first_msg_id_reply",
  "api_versions",
  "api_versions_reply",
  "trace_plugin_msg_ids",
  "sockclnt_create",
  "sockclnt_create_reply",
  "sockclnt_delete",
  "sockclnt_delete_reply",
  "sock_init_shm",
  "sock_init_shm_reply",
  "memclnt_keepalive",
  "memclnt_keepalive_reply",
] as const;

const memclnt = {
  messages: [
    ...fixed.map((name) => [
      name,
      ...(name === "sockclnt_delete"
        ? [...request, ["u32", "index"]]
        : name.endsWith("_reply")
          ? reply
          : request),
      { crc: "0x11111111" },
    ]),
    ["control_ping", ...request, { crc: "0x51077d14" }],
    [
      "control_ping_reply",
      ...reply,
      ["i32", "retval"],
      ["u32", "client_index"],
      ["u32", "vpe_pid"],
      { crc: "0xf6b0b8ca" },
    ],
  ],
  services: { control_ping: { reply: "control_ping_reply" }, rpc_call: { reply: "rpc_call_reply" } },
};

const retval: Field = ["i32", "retval"];

const things = {
  messages: [
    [
      "thing_add",
      ...request,
      ["string", "name", 16],
      ["u32", "size", { default: 7 }],
      ["bool", "is_add", { default: "true" }],
      { crc: "0x00000001" },
    ],
    ["thing_add_reply", ...reply, retval, ["u32", "index"], { crc: "0x00000002" }],
    // `index` stands before `retval` in a few replies of VPP, such as map_add_domain_reply.
    ["thing_place", ...request, { crc: "0x00000003" }],
    ["thing_place_reply", ...reply, ["u32", "index"], retval, { crc: "0x00000004" }],
    // A reply without `retval`, such as acl_plugin_get_version_reply.
    ["thing_version", ...request, { crc: "0x00000005" }],
    ["thing_version_reply", ...reply, ["u32", "major"], ["u32", "minor"], { crc: "0x00000006" }],
    // A reply with a count, which means nothing when it is a refusal.
    ["thing_names", ...request, { crc: "0x00000007" }],
    [
      "thing_names_reply",
      ...reply,
      retval,
      ["u32", "count"],
      ["u32", "names", 0, "count"],
      { crc: "0x00000008" },
    ],
    // Replies whose context stands behind the client index, such as feature_is_enabled_reply.
    ["thing_odd", ...request, { crc: "0x00000009" }],
    [
      "thing_odd_reply",
      ["u16", "_vl_msg_id"],
      ["u32", "client_index"],
      ["u32", "context"],
      retval,
      { crc: "0x0000000a" },
    ],
    ["thing_dump", ...request, ["u32", "index", { default: 4294967295 }], { crc: "0x0000000b" }],
    ["thing_details", ...reply, ["u32", "index"], ["string", "name", 16], { crc: "0x0000000c" }],
    ["thing_get", ...request, ["u32", "cursor"], { crc: "0x0000000d" }],
    ["thing_get_reply", ...reply, retval, ["u32", "cursor"], { crc: "0x0000000e" }],
    ["want_thing_events", ...request, ["u32", "enable_disable"], ["u32", "pid"], { crc: "0x0000000f" }],
    ["want_thing_events_reply", ...reply, retval, { crc: "0x00000010" }],
    ["thing_event", ...event, ["u32", "index"], { crc: "0x00000011" }],
    // The switch is a boolean called `enable` in some, such as want_ip_neighbor_events.
    [
      "want_thing_moves",
      ...request,
      ["bool", "enable"],
      ["u32", "pid"],
      ["u32", "index"],
      { crc: "0x00000012" },
    ],
    ["want_thing_moves_reply", ...reply, retval, { crc: "0x00000013" }],
    ["thing_move", ...event, ["u32", "index"], { crc: "0x00000014" }],
    // A request that does something and is followed by an event, such as dhcp_client_config.
    ["thing_start", ...request, ["u32", "index"], { crc: "0x00000015" }],
    ["thing_start_reply", ...reply, retval, { crc: "0x00000016" }],
    ["thing_started", ...event, ["u32", "index"], { crc: "0x00000017" }],
  ],
  services: {
    thing_add: { reply: "thing_add_reply" },
    thing_place: { reply: "thing_place_reply" },
    thing_version: { reply: "thing_version_reply" },
    thing_names: { reply: "thing_names_reply" },
    thing_odd: { reply: "thing_odd_reply" },
    thing_dump: { reply: "thing_details", stream: true },
    thing_get: { reply: "thing_get_reply", stream: true, stream_msg: "thing_details" },
    want_thing_events: { reply: "want_thing_events_reply", events: ["thing_event"] },
    want_thing_moves: { reply: "want_thing_moves_reply", events: ["thing_move"] },
    thing_start: { reply: "thing_start_reply", events: ["thing_started"] },
  },
};

/** The text of one API file. */
export function apiText(file: { readonly messages: readonly unknown[]; readonly services: object }): string {
  return JSON.stringify({ types: [], ...file });
}

/** The small API; `changed` replaces messages by name, `undefined` leaves one out. */
export function toyApi(changed: Readonly<Record<string, readonly Field[] | undefined>> = {}): ApiModel {
  const messages = things.messages.flatMap((message) => {
    const [name] = message;
    if (typeof name !== "string" || !(name in changed)) return [message];
    const fields = changed[name];
    return fields === undefined ? [] : [[name, ...fields, { crc: "0x0000ffff" }]];
  });
  return readApi([
    { name: "memclnt", text: apiText(memclnt) },
    { name: "things", text: apiText({ ...things, messages }) },
  ]).unwrap();
}

/** The fields that begin each request, for `toyApi`. */
export const requestFields: readonly Field[] = request;

/** A server with the small API, on which everything succeeds, and things are numbered. */
export async function toyServer(options: Partial<VppServerOptions> = {}): Promise<VppServer> {
  const server = (await VppServer.start({ api: toyApi(), ...options })).unwrap();
  server.handle("thing_add", (asked) => ({ index: Number(asked["size"]) }));
  for (const name of ["thing_place", "thing_version", "thing_names", "thing_odd", "thing_start"]) {
    server.handle(name, () => ({}));
  }
  return server;
}

/** Makes a dump and a stream of the server give so many things. */
export function haveThings(server: VppServer, count: number): void {
  const all = Array.from({ length: count }, (_, index) => ({ index, name: `thing${index}` }));
  server.handleDump("thing_dump", () => all);
  server.handleDump("thing_get", () => all);
}

/** A client of a server with the small API. */
export async function toyClient(
  server: { readonly remote: string },
  options: VppConnectOptions = {},
): Promise<VppClient> {
  const { remote } = server;
  return (await connectVpp({ remote, api: { model: toyApi() }, ...options })).unwrap();
}

/** Over when a client has so many connections behind it and is ready. */
export async function readyAgain(client: VppClient, generation: number): Promise<void> {
  while (client.generation < generation) {
    (await client.whenReady({ timeoutMs: 15_000 })).unwrap();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
