/** Real Open vSwitch for tests: each instance in a private folder, several at once, gone when the test is. */
import { OvsdbCluster, type OvsdbClusterOptions } from "./openvswitch/cluster.js";
import { OvsdbServer, type OvsdbServerOptions } from "./openvswitch/ovsdb-server.js";
import { OpenVSwitch, type OpenVSwitchOptions } from "./openvswitch/vswitch.js";

export { availableFlavours } from "./openvswitch/flavours.js";
export type { OvsdbCluster, OvsdbClusterOptions } from "./openvswitch/cluster.js";
export type { OvsdbServer, OvsdbServerOptions } from "./openvswitch/ovsdb-server.js";
export type { Flavour, OpenVSwitch, OpenVSwitchOptions } from "./openvswitch/vswitch.js";

/** Starts ovsdb-server and, unless told otherwise, ovs-vswitchd. Stop it, or hold it with `await using`. */
export async function startOpenVSwitch(options: OpenVSwitchOptions): Promise<OpenVSwitch> {
  return created(new OpenVSwitch(options));
}

/** Starts ovsdb-server alone, with any schema. Stop it, or hold it with `await using`. */
export async function startOvsdbServer(options: OvsdbServerOptions = {}): Promise<OvsdbServer> {
  return created(new OvsdbServer(options));
}

/** Starts a cluster of ovsdb-servers, with any schema. Stop it, or hold it with `await using`. */
export async function startOvsdbCluster(options: OvsdbClusterOptions): Promise<OvsdbCluster> {
  return created(new OvsdbCluster(options));
}

/** Starts it, or leaves nothing behind. */
async function created<T extends OvsdbServer | OpenVSwitch | OvsdbCluster>(instance: T): Promise<T> {
  try {
    await instance.create();
    return instance;
  } catch (error) {
    await instance.stop();
    throw error;
  }
}
