/*
 * The documents of the Userspace CNI of 2018 to 2024, so that containers made for it go on working. Its first release
 * wrote `remote-` and `addData-` files, later ones `configData-` files and pod annotations
 * (intel/userspace-cni-network-plugin, `cnivpp/vppdb` and `pkg/configdata`).
 */

/** `UserSpaceConf`: one end of an interface, with the old keys. */
export interface OldEnd {
  readonly engine?: string;
  readonly iftype?: string;
  readonly netType?: string;
  readonly memif: { readonly role?: string; readonly mode?: string; readonly socketfile?: string };
  readonly vhost: { readonly mode?: string; readonly group?: string; readonly socketfile?: string };
  readonly bridge: { readonly bridgeName?: string; readonly bridgeId?: number; readonly vlanId?: number };
}

/** What IPAM gave, as a CNI result. */
export interface OldResult {
  readonly cniVersion: string;
  readonly ips?: readonly {
    readonly version?: string;
    readonly address: string;
    readonly gateway?: string;
  }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  readonly dns: Readonly<Record<string, unknown>>;
}

/** `configData-<cid12>-<ifname>.json`, and a member of the list in annotation `userspace/configuration-data`. */
export interface OldConfigurationData {
  readonly containerId: string;
  readonly ifName: string;
  readonly name: string;
  readonly config: OldEnd;
  readonly ipResult: OldResult;
}

/** The first 12 characters of a container id, as the old names have it. */
export const shortId = (containerId: string): string => containerId.slice(0, 12);

export const oldRemoteFile = (ifName: string): string => `remote-${ifName}.json`;
export const oldAddDataFile = (ifName: string): string => `addData-${ifName}.json`;
export const oldConfigurationFile = (containerId: string, ifName: string): string =>
  `configData-${shortId(containerId)}-${ifName}.json`;

/** The socket of a memif, where its end does not say. */
export const oldMemifSocketFile = (containerId: string, ifName: string): string =>
  `memif-${shortId(containerId)}-${ifName}.sock`;

/** The socket of a vhost-user port, where its end does not say. */
export const oldVhostSocketFile = (containerId: string, ifName: string): string =>
  `${shortId(containerId)}-${ifName}`;

/** Where the first release's containers have the data and the memif sockets. */
export const oldContainerData = "/var/run/vpp/cni/data";
export const oldMemifSockets = "/var/run/vpp/cni/shared";
