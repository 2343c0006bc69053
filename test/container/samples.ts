/** Documents as the plugin, and the old ones, write them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Handover } from "../../src/handover/index.js";

export const containerId = "79b661b189b2c1dd2a4ca4e5b0d5f9b8e0b7d0aa4e5b0d5f9b8e0b7d0aa4e5b0";

export const memif = (folder: string, change: Partial<Handover> = {}): Handover => ({
  version: 1,
  network: "memif-network",
  containerId,
  ifName: "net0",
  engine: "vpp",
  interface: { type: "memif", socket: `${folder}/m.sock`, role: "slave", mode: "ethernet", id: 0 },
  netType: "interface",
  addresses: [{ address: "192.168.210.45/24", gateway: "192.168.210.1" }],
  routes: [{ dst: "0.0.0.0/0" }],
  ...change,
});

export const vhost = (folder: string, change: Partial<Handover> = {}): Handover =>
  memif(folder, {
    ifName: "net1",
    engine: "ovs-dpdk",
    interface: { type: "vhost-user", socket: `${folder}/v.sock`, mode: "client" },
    netType: "none",
    addresses: [],
    routes: [],
    ...change,
  });

/** The first release's pair of files, for its README's configuration (contract: `remote-` and `addData-`). */
export const oldRemote = {
  cniVersion: "0.3.1",
  type: "userspace",
  ipam: {},
  dns: {},
  name: "memif-network",
  host: {
    engine: "vpp",
    iftype: "memif",
    netType: "interface",
    memif: { role: "slave", mode: "ethernet" },
    vhost: { mode: "" },
    bridge: { bridgeId: 0, vlanId: 0 },
  },
  container: { memif: { role: "", mode: "" }, vhost: { mode: "" }, bridge: { bridgeId: 0, vlanId: 0 } },
};

export const oldAddData = {
  containerId,
  ifName: "net0",
  ipResult: {
    cniVersion: "0.3.1",
    ips: [{ version: "4", address: "192.168.210.45/24" }],
    routes: [{ dst: "0.0.0.0/0" }],
    dns: {},
  },
};

/** A later release's document: no engine, and `null` where Go had no slice. */
export const oldConfiguration = {
  containerId,
  ifName: "net1",
  name: "ovs-network",
  config: {
    iftype: "vhostuser",
    memif: {},
    vhost: { mode: "server", socketfile: "79b661b189b2-net1" },
    bridge: {},
  },
  ipResult: { cniVersion: "1.0.0", ips: null, dns: {} },
};

/** A private directory, and a way to put documents into it. */
export class SharedFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "usrsp-"));

  write(name: string, document: unknown): string {
    const file = join(this.path, name);
    writeFileSync(file, typeof document === "string" ? document : JSON.stringify(document));
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
