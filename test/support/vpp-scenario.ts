/**
 * Things that are done to a VPP, real or simulated, and what it says to them. Interfaces are told by what they were made
 * as, and only what does not depend on the host is kept, so that two VPPs of one release give the same.
 */
import type { VppClient } from "../../src/vpp/api/client.js";
import type { MessageValue } from "../../src/vpp/schema/index.js";

const noMac = "00:00:00:00:00:00";

/** Does things and writes down what came of them. */
class Recorder {
  readonly lines: string[] = [];
  readonly #client: VppClient;
  /** Interfaces by index, as they were made. */
  readonly #labels = new Map<unknown, string>();

  constructor(client: VppClient) {
    this.#client = client;
  }

  /** Makes a call; a new interface is called `label` from then on. Gives the reply, blank where it was refused. */
  async call(name: string, request: MessageValue, label?: string): Promise<MessageValue> {
    const result = await this.#client.call(name, request);
    const made = result.isOk() ? result.value["sw_if_index"] : undefined;
    if (label !== undefined && made !== undefined) this.#labels.set(made, label);
    const said = result.isOk() ? this.#shown(result.value) : outcomeOf(result.error);
    this.lines.push(`${name} ${this.#shown(request)}: ${said}`);
    return result.isOk() ? result.value : {};
  }

  /** Makes a dump and keeps these fields of what is about our interfaces, or about what `only` says. */
  async dump(
    name: string,
    request: MessageValue,
    fields: readonly string[],
    only?: (details: MessageValue) => boolean,
  ): Promise<void> {
    const result = await this.#client.dump(name, request).all();
    if (result.isErr()) {
      this.lines.push(`${name} ${this.#shown(request)}: ${outcomeOf(result.error)}`);
      return;
    }
    const isOurs = only ?? ((details: MessageValue) => this.#labels.has(details["sw_if_index"]));
    const kept = result.value
      .filter(isOurs)
      .map((details) => this.#shown(Object.fromEntries(fields.map((field) => [field, details[field]]))));
    this.lines.push(`${name} ${this.#shown(request)}: ${kept.toSorted().join("; ") || "nothing"}`);
  }

  #shown(value: unknown): string {
    return JSON.stringify(value, (key, member: unknown) =>
      key.endsWith("sw_if_index") ? (this.#labels.get(member) ?? member) : member,
    );
  }
}

function outcomeOf(error: { readonly kind: string }): string {
  return "reason" in error ? String(error.reason) : error.kind;
}

/** No interface of any VPP has this index. */
const nobody = 4_000_000;

/** Does everything that follows, in `directory`, and cleans up after it. */
export async function playScenario(client: VppClient, directory: string): Promise<readonly string[]> {
  const recorder = new Recorder(client);
  await loopbacks(recorder);
  await addresses(recorder);
  await bridges(recorder);
  await memifs(recorder, directory);
  await vhostUsers(recorder, directory);
  // Names of sockets begin with the directory, which is another one for each.
  return recorder.lines.map((line) => line.replaceAll(directory, "DIR"));
}

const interfaceFields = [
  "sw_if_index",
  "sup_sw_if_index",
  "l2_address",
  "flags",
  "type",
  "mtu",
  "sub_id",
  "sub_number_of_tags",
  "sub_outer_vlan_id",
  "sub_if_flags",
  "vtr_op",
  "interface_name",
  "interface_dev_type",
  "tag",
];

async function loopbacks(r: Recorder): Promise<void> {
  const instance = { mac_address: noMac, is_specified: true, user_instance: 700 };
  const { sw_if_index: loop } = await r.call("create_loopback_instance", instance, "loop");
  await r.call("create_loopback_instance", instance);
  const mac = { mac_address: "02:00:00:00:00:01", is_specified: true, user_instance: 701 };
  const { sw_if_index: other } = await r.call("create_loopback_instance", mac, "other");
  const { sw_if_index: sub } = await r.call("create_vlan_subif", { sw_if_index: loop, vlan_id: 100 }, "sub");
  for (const vlan_id of [100, 0, 4096]) await r.call("create_vlan_subif", { sw_if_index: loop, vlan_id });
  await r.call("create_vlan_subif", { sw_if_index: nobody, vlan_id: 5 });
  for (const tag of ["some tag", ""])
    await r.call("sw_interface_tag_add_del", { is_add: true, sw_if_index: sub, tag });
  await r.call("sw_interface_tag_add_del", { is_add: true, sw_if_index: nobody, tag: "x" });
  const rewrite = { sw_if_index: sub, vtr_op: 3, push_dot1q: 0, tag1: 0, tag2: 0 };
  await r.call("l2_interface_vlan_tag_rewrite", rewrite);
  for (const sw_if_index of [loop, sub, nobody])
    await r.call("sw_interface_set_flags", { sw_if_index, flags: 1 });
  await r.call("sw_interface_set_mtu", { sw_if_index: other, mtu: [1500, 1400, 1300, 0] });
  await r.call("sw_interface_set_mac_address", { sw_if_index: loop, mac_address: "02:00:00:00:00:99" });
  await r.call("sw_interface_get_mac_address", { sw_if_index: loop });
  const all = { name_filter_valid: false, name_filter: "" };
  await r.dump("sw_interface_dump", all, interfaceFields);
  await r.dump("sw_interface_dump", { ...all, sw_if_index: other }, ["interface_name"]);
  await r.dump("sw_interface_dump", { name_filter_valid: true, name_filter: "LOOP70" }, ["interface_name"]);
  await r.call("delete_subif", { sw_if_index: loop });
  await r.call("delete_subif", { sw_if_index: nobody });
  await r.call("delete_subif", { sw_if_index: sub });
  await r.call("delete_loopback", { sw_if_index: nobody });
  // What stands on an interface goes with it.
  await r.call("create_vlan_subif", { sw_if_index: loop, vlan_id: 100 }, "sub");
  await r.call("delete_loopback", { sw_if_index: loop });
  await r.dump("sw_interface_dump", all, ["interface_name"]);
  await r.call("delete_loopback", { sw_if_index: other });
}

async function addresses(r: Recorder): Promise<void> {
  const make = { mac_address: "02:00:00:00:00:02", is_specified: true, user_instance: 702 };
  const { sw_if_index: one } = await r.call("create_loopback_instance", make, "one");
  const { sw_if_index: two } = await r.call(
    "create_loopback_instance",
    { ...make, user_instance: 703 },
    "two",
  );
  const add = (sw_if_index: unknown, prefix: string, is_add = true): Promise<MessageValue> =>
    r.call("sw_interface_add_del_address", { sw_if_index, is_add, del_all: false, prefix });
  await add(one, "10.231.0.1/24");
  await add(one, "10.231.0.2/24");
  await add(one, "10.231.0.1/24");
  await add(two, "10.231.0.9/25");
  await add(two, "10.232.0.1/24");
  await add(one, "fd00:231::1/64");
  await add(two, "fd00:231::2/64");
  await add(one, "10.233.0.1/24", false);
  await add(nobody, "10.233.0.1/24");
  for (const is_ipv6 of [false, true]) {
    await r.dump("ip_address_dump", { sw_if_index: one, is_ipv6 }, ["sw_if_index", "prefix"]);
  }
  await r.dump("ip_address_dump", { sw_if_index: nobody, is_ipv6: true }, ["prefix"]);
  await add(one, "10.231.0.2/24", false);
  await r.dump("ip_address_dump", { sw_if_index: one, is_ipv6: false }, ["prefix"]);
  const all = { sw_if_index: one, is_add: false, del_all: true, prefix: "0.0.0.0/0" };
  await r.call("sw_interface_add_del_address", all);
  await r.dump("ip_address_dump", { sw_if_index: one, is_ipv6: true }, ["prefix"]);
  for (const sw_if_index of [one, two]) await r.call("delete_loopback", { sw_if_index });
}

function isOurDomain({ bd_id: id }: MessageValue): boolean {
  return id === 7001 || id === 7002;
}

async function bridges(r: Recorder): Promise<void> {
  const make = { mac_address: "02:00:00:00:00:03", is_specified: true, user_instance: 704 };
  const { sw_if_index: port } = await r.call("create_loopback_instance", make, "port");
  const { sw_if_index: bvi } = await r.call(
    "create_loopback_instance",
    { ...make, user_instance: 705 },
    "bvi",
  );
  const domain = {
    bd_id: 7001,
    flood: true,
    uu_flood: false,
    forward: true,
    learn: true,
    arp_term: false,
    arp_ufwd: false,
    mac_age: 5,
    bd_tag: "ours",
    is_add: true,
  };
  const fields = [
    "bd_id",
    "flood",
    "uu_flood",
    "forward",
    "learn",
    "mac_age",
    "bd_tag",
    "bvi_sw_if_index",
    "sw_if_details",
  ];
  await r.call("bridge_domain_add_del", domain);
  await r.call("bridge_domain_add_del", domain);
  await r.call("bridge_domain_add_del", { ...domain, bd_id: 20_000_000 });
  await r.call("bridge_domain_add_del", { ...domain, bd_id: 0 });
  await r.call("bridge_domain_add_del", { ...domain, bd_id: 0, is_add: false });
  await r.call("bridge_domain_add_del", { ...domain, bd_id: 7003, is_add: false });
  const attach = (sw_if_index: unknown, bd_id: number, port_type = 0, enable = true): Promise<MessageValue> =>
    r.call("sw_interface_set_l2_bridge", { rx_sw_if_index: sw_if_index, bd_id, port_type, shg: 0, enable });
  await attach(port, 7001);
  await attach(nobody, 7001);
  await attach(port, 20_000_000);
  await attach(bvi, 7001, 1);
  await attach(port, 7001, 1);
  await attach(port, 7001, 9);
  await r.dump("bridge_domain_dump", {}, fields, isOurDomain);
  await r.call("bridge_domain_add_del", { ...domain, is_add: false });
  // A domain that is not there is made.
  await attach(port, 7002);
  await r.dump("bridge_domain_dump", { bd_id: 7002 }, fields, isOurDomain);
  await r.dump("bridge_domain_dump", { bd_id: 7002, sw_if_index: port }, fields, isOurDomain);
  await attach(port, 9999, 0, false);
  // An interface that goes leaves its domain.
  await r.call("delete_loopback", { sw_if_index: bvi });
  await r.call("bridge_domain_add_del", { ...domain, is_add: false });
  await r.call("bridge_domain_add_del", { ...domain, bd_id: 7002, is_add: false });
  await r.dump("bridge_domain_dump", {}, fields, isOurDomain);
  await r.call("delete_loopback", { sw_if_index: port });
}

async function memifs(r: Recorder, directory: string): Promise<void> {
  const socket = (socket_id: number, socket_filename: string, is_add = true): Promise<MessageValue> =>
    r.call("memif_socket_filename_add_del", { is_add, socket_id, socket_filename });
  await socket(0, `${directory}/m0.sock`);
  await socket(0xffff_ffff, `${directory}/m0.sock`);
  await socket(7100, `${directory}/m1.sock`);
  await socket(7100, `${directory}/m1.sock`);
  await socket(7100, `${directory}/m2.sock`);
  await socket(7101, `${directory}/m3.sock`);
  await socket(7102, "", true);
  await socket(7103, "", false);
  const memif = {
    role: "MEMIF_ROLE_API_MASTER",
    mode: "MEMIF_MODE_API_ETHERNET",
    rx_queues: 1,
    tx_queues: 1,
    id: 3,
    socket_id: 7100,
    ring_size: 1024,
    buffer_size: 2048,
    no_zero_copy: false,
    hw_addr: "02:fe:00:00:00:07",
    secret: "",
  };
  const { sw_if_index: master } = await r.call("memif_create", memif, "master");
  await r.call("memif_create", memif);
  await r.call("memif_create", { ...memif, id: 4, role: "MEMIF_ROLE_API_SLAVE" });
  await r.call("memif_create", { ...memif, id: 4, ring_size: 1000 });
  await r.call("memif_create", { ...memif, id: 4, socket_id: 7999 });
  const asSlave = { ...memif, role: "MEMIF_ROLE_API_SLAVE", socket_id: 7101 };
  const { sw_if_index: slave } = await r.call("memif_create", asSlave, "slave");
  await r.call("sw_interface_set_flags", { sw_if_index: master, flags: 1 });
  await r.dump("memif_dump", {}, [
    "sw_if_index",
    "hw_addr",
    "id",
    "role",
    "mode",
    "zero_copy",
    "socket_id",
    "ring_size",
    "buffer_size",
    "flags",
    "if_name",
  ]);
  await r.dump("sw_interface_dump", { name_filter_valid: true, name_filter: "memif7100" }, interfaceFields);
  await r.dump("memif_socket_filename_dump", {}, ["socket_id", "socket_filename"], (details) =>
    [7100, 7101].includes(Number(details["socket_id"])),
  );
  await socket(7100, "", false);
  for (const sw_if_index of [nobody, master, slave]) await r.call("memif_delete", { sw_if_index });
  await socket(7100, "", false);
  await socket(7101, "", false);
}

async function vhostUsers(r: Recorder, directory: string): Promise<void> {
  const vhost = {
    is_server: true,
    sock_filename: `${directory}/vhost.sock`,
    renumber: false,
    disable_mrg_rxbuf: false,
    disable_indirect_desc: false,
    enable_gso: false,
    enable_packed: false,
    custom_dev_instance: 0,
    use_custom_mac: true,
    mac_address: "02:fe:00:00:00:08",
    tag: "of a pod",
  };
  const { sw_if_index: server } = await r.call("create_vhost_user_if", vhost, "server");
  await r.call("create_vhost_user_if", { ...vhost, sock_filename: "" });
  await r.call("create_vhost_user_if", { ...vhost, sock_filename: `${directory}/absent/vhost.sock` });
  await r.call("create_vhost_user_if", vhost);
  const asClient = { ...vhost, is_server: false, sock_filename: `${directory}/nobody.sock` };
  const { sw_if_index: dialling } = await r.call("create_vhost_user_if", asClient, "client");
  await r.dump("sw_interface_vhost_user_dump", {}, ["sw_if_index", "is_server", "sock_filename"]);
  await r.dump("sw_interface_dump", { name_filter_valid: true, name_filter: "VirtualEthernet" }, [
    "sw_if_index",
    "l2_address",
    "flags",
    "mtu",
    "interface_dev_type",
    "tag",
  ]);
  for (const sw_if_index of [nobody, server, dialling]) await r.call("delete_vhost_user_if", { sw_if_index });
}
