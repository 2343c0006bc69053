import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { randomUUID } from "node:crypto";
import { Daemon } from "./daemon.js";
import { NetworkNamespace } from "./network-namespace.js";
import { daemonArgs, OvsdbServer, type OvsdbServerOptions } from "./ovsdb-server.js";
import { Installation } from "./programs.js";
import { run } from "./run.js";

/**
 * The vswitchd of an instance: `dummy`, with ports that are not on the host at all; `netdev`, the userspace datapath with real tap
 * devices, in a network namespace of its own; `dpdk`, with real vhost-user ports on the dummy datapath.
 */
export type Flavour = "dummy" | "netdev" | "dpdk";

export interface OpenVSwitchOptions extends Omit<OvsdbServerOptions, "schema" | "database"> {
  readonly flavour: Flavour;
  /** `false`: the database alone, with nobody to carry out what it says; `startVswitchd` can come later. */
  readonly vswitchd?: boolean;
  /** More `other_config` of the Open_vSwitch row, set before vswitchd starts. */
  readonly otherConfig?: Readonly<Record<string, string>>;
}

/** A real Open vSwitch in a folder of its own. Dispose it, or `stop()` it. */
export class OpenVSwitch implements AsyncDisposable {
  readonly flavour: Flavour;
  /** The database server, and all that it can do: certificates, restarts, its log. */
  readonly server: OvsdbServer;
  /** The `datapath_type` for bridges of this instance. */
  readonly datapathType: "dummy" | "netdev";
  /** Where the sockets of `dpdkvhostuser` ports appear. */
  readonly vhostSockDir: string;
  /** What vswitchd says of DPDK; `undefined` when it is a vswitchd without DPDK. */
  dpdk: { readonly initialized: boolean; readonly version: string } | undefined;
  readonly #options: OpenVSwitchOptions;
  #namespace: NetworkNamespace | undefined;
  #vswitchd: Daemon | undefined;

  constructor(options: OpenVSwitchOptions) {
    this.#options = options;
    this.flavour = options.flavour;
    this.datapathType = options.flavour === "netdev" ? "netdev" : "dummy";
    this.server = new OvsdbServer({ ...options });
    this.vhostSockDir = join(this.server.dir, "vhost");
  }

  /** The private folder: database, sockets, logs. Gone after `stop()`. */
  get dir(): string {
    return this.server.dir;
  }

  /** The database's unix socket as a remote, `unix:PATH`. */
  get remote(): string {
    return this.server.remote;
  }

  /** The release, such as `3.1.0`. */
  get version(): string {
    return this.server.version;
  }

  /** The process of vswitchd, for signals such as SIGSTOP; `undefined` when it does not run. */
  get vswitchdPid(): number | undefined {
    return this.#vswitchd?.isRunning === true ? this.#vswitchd.pid : undefined;
  }

  /** Makes the database and starts what the options ask for. */
  async create(): Promise<void> {
    mkdirSync(this.vhostSockDir);
    await this.server.create();
    if (this.flavour === "netdev") this.#namespace = await NetworkNamespace.create(this.dir, this.server.env);
    const otherConfig = {
      ...(this.flavour === "dpdk" && dpdkConfig(this.server)),
      ...this.#options.otherConfig,
    };
    const columns = Object.entries(otherConfig).map(
      ([key, value]) => `other_config:${key}=${JSON.stringify(value)}`,
    );
    // What Debian's start script (ovs-ctl) writes on a real host.
    columns.push(`ovs-version=${this.version}`, `external-ids:system-id=${randomUUID()}`);
    await this.vsctl("--no-wait", "init", "--", "set", "Open_vSwitch", ".", ...columns);
    if (this.#options.vswitchd !== false) await this.startVswitchd();
  }

  /** Starts vswitchd, again after `stopVswitchd` or `killVswitchd`; ready when it has done what the database says. */
  async startVswitchd(): Promise<void> {
    if (this.#vswitchd?.isRunning === true) throw new Error("ovs-vswitchd runs already");
    const program = this.flavour === "dpdk" ? "ovs-vswitchd-dpdk" : "ovs-vswitchd";
    const dummy = this.datapathType === "dummy" ? ["--enable-dummy"] : [];
    this.#vswitchd = await Daemon.start({
      name: program,
      command: this.server.installation.command(program),
      args: [this.remote, ...dummy, ...daemonArgs(this.dir, "ovs-vswitchd")],
      env: this.server.env,
      logFile: join(this.dir, "ovs-vswitchd.log"),
      // The last step of its start: see bridge_run() in OVS's vswitchd/bridge.c, after the first reconfiguration.
      ready: /\(Open vSwitch\)/u,
      within: this.#namespace?.prefix,
    });
    if (this.flavour === "dpdk") this.dpdk = await this.#dpdkStatus();
  }

  /** Ends vswitchd as an administrator would: its ports and devices go, what the database says stays. */
  async stopVswitchd(): Promise<void> {
    await this.#vswitchd?.stop(() => this.appctl("exit", "--cleanup"));
  }

  /** Ends vswitchd with SIGKILL: its devices and what it last wrote into the database stay. */
  async killVswitchd(): Promise<void> {
    await this.#vswitchd?.kill();
  }

  /** What vswitchd has printed since it was started last. */
  vswitchdLog(): string {
    return this.#vswitchd?.log() ?? "";
  }

  /** Runs `ovs-vsctl` on this instance: the oracle, and somebody else who changes things. */
  vsctl(...args: readonly string[]): Promise<string> {
    const command = this.server.installation.command("ovs-vsctl");
    return run(command, [`--db=${this.remote}`, "--timeout=30", ...args], this.server.env);
  }

  /** Runs `ovs-appctl` on this instance's vswitchd. */
  appctl(...args: readonly string[]): Promise<string> {
    const target = ["--timeout=10", "--target", join(this.dir, "ovs-vswitchd.ctl")];
    return run(this.server.installation.command("ovs-appctl"), [...target, ...args], this.server.env);
  }

  /** Runs `ip` (iproute2) where this instance's devices are: in the namespace of the `netdev` flavour. */
  ip(...args: readonly string[]): Promise<string> {
    if (this.#namespace === undefined) throw new Error(`the ${this.flavour} flavour has no devices`);
    const [file = "", ...prefix] = this.#namespace.prefix;
    return run({ file, args: [...prefix, Installation.system().command("ip").file] }, args, this.server.env);
  }

  /** Ends everything and removes the folder. Does nothing the second time. */
  async stop(): Promise<void> {
    await this.stopVswitchd();
    await this.#namespace?.stop();
    await this.server.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #dpdkStatus(): Promise<{ initialized: boolean; version: string }> {
    const columns = await this.vsctl("get", "Open_vSwitch", ".", "dpdk_initialized", "dpdk_version");
    const [initialized, version = '""'] = columns.split("\n");
    return { initialized: initialized === "true", version: version.replaceAll('"', "") };
  }
}

/**
 * DPDK without huge pages, root or devices.
 * `--legacy-mem`: OVS would add `--in-memory`, which `--no-huge` does not go with, and EAL's failure ends vswitchd.
 * `per-port-memory`: the shared pool of packet buffers is larger than this memory, and that shows only when a guest connects.
 * `pmd-maxsleep` (3.1) and `pmd-sleep-max` (3.2 and later), in microseconds: else the polling thread takes a whole core.
 */
function dpdkConfig(server: OvsdbServer): Record<string, string> {
  const { installation, dir } = server;
  // Only a system's own folder of drivers is compiled in.
  const drivers = installation.root === "/" ? "" : ` -d ${installation.driverFolder() ?? ""}`;
  return {
    "dpdk-init": "true",
    "dpdk-extra": `--no-huge --legacy-mem --no-pci -m 256 --no-telemetry --file-prefix=${basename(dir)}${drivers}`,
    "per-port-memory": "true",
    "vhost-sock-dir": "vhost",
    "pmd-maxsleep": "500",
    "pmd-sleep-max": "500",
  };
}
