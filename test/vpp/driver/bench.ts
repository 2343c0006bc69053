import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "../../../src/connect.js";
import type { VSwitch } from "../../../src/core/vswitch.js";
import { VppServer, type SimulatedVpp } from "../../../src/testing/index.js";
import { modelOf } from "../schema/api-files.js";

/** A simulated VPP and a driver on it. */
export class DriverBench implements AsyncDisposable {
  readonly server: VppServer;
  readonly vswitch: VSwitch;
  readonly directory: string;

  private constructor(server: VppServer, vswitch: VSwitch, directory: string) {
    this.server = server;
    this.vswitch = vswitch;
    this.directory = directory;
  }

  static async start(release: string, modules?: readonly string[]): Promise<DriverBench> {
    const directory = mkdtempSync(join(tmpdir(), "vpp-driver-"));
    const version = `${release}-release`;
    const server = (await VppServer.start({ api: modelOf(release), version, modules })).unwrap();
    const vswitch = (await connect({ engine: "vpp", remote: server.remote, owner: "lab" })).unwrap();
    return new DriverBench(server, vswitch, directory);
  }

  get vpp(): SimulatedVpp {
    return this.server.vpp;
  }

  socket(name: string): string {
    return join(this.directory, "sockets", `${name}.sock`);
  }

  /** Everything that a VPP has, in the words of an administrator. */
  state(): object {
    const { vpp } = this;
    return {
      interfaces: vpp.interfaces
        .all()
        .slice(1)
        .map(({ swIfIndex, name, device, tag, bridge, addresses, isAdminUp, rewrite }) => ({
          // Of no account with a sub-interface, which is made again.
          swIfIndex: device.type === "sub" ? undefined : swIfIndex,
          name,
          tag,
          bdId: bridge?.bdId,
          addresses: addresses.toSorted(),
          isAdminUp,
          rewrite,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      domains: [...vpp.bridgeDomains.values()].map(({ bdId, tag }) => `${bdId} ${tag}`).toSorted(),
      sockets: [...vpp.memifSockets.values()].slice(1).map(({ id, path }) => `${id} ${path}`),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vswitch.close();
    await this.server[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
