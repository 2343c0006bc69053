import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Daemon } from "./daemon.js";
import { Installation } from "./programs.js";

// An ordinary user gets a network namespace together with a user namespace, where the kernel allows that.
const ways = [["--net"], ["--user", "--map-root-user", "--net"]] as const;

let way: readonly string[] | undefined | false = false;

/** The arguments of unshare(1) that make a network namespace in which tap devices can be made here; `undefined`: none do. */
export function namespaceArgs(): readonly string[] | undefined {
  if (way === false) {
    const unshare = Installation.system().find("unshare");
    const probe = "ip tuntap add dev probe mode tap";
    way = ways.find(
      (args) => unshare !== undefined && spawnSync(unshare, [...args, "sh", "-c", probe]).status === 0,
    );
  }
  return way;
}

/**
 * A network namespace that lives as long as this object. It outlives the programs that run in it, so the devices that a
 * killed vswitchd leaves behind are there when the next one starts, as on a real host.
 */
export class NetworkNamespace {
  readonly #holder: Daemon;
  readonly #nsenter: readonly string[];

  private constructor(holder: Daemon, nsenter: readonly string[]) {
    this.#holder = holder;
    this.#nsenter = nsenter;
  }

  static async create(dir: string, env: Readonly<Record<string, string>>): Promise<NetworkNamespace> {
    const args = namespaceArgs();
    if (args === undefined) throw new Error("no network namespace with tap devices can be made here");
    const system = Installation.system();
    const holder = await Daemon.start({
      name: "network namespace",
      command: system.command("sh"),
      args: ["-c", "ip link set dev lo up && echo ready && exec sleep infinity"],
      env,
      logFile: join(dir, "network-namespace.log"),
      ready: /^ready$/mu,
      within: [system.command("unshare").file, ...args],
    });
    const user = args.includes("--user") ? ["--user", "--preserve-credentials"] : [];
    const nsenter = [system.command("nsenter").file, "--target", String(holder.pid), ...user, "--net", "--"];
    return new NetworkNamespace(holder, nsenter);
  }

  /** What goes before a command to run it in here. */
  get prefix(): readonly string[] {
    return this.#nsenter;
  }

  async stop(): Promise<void> {
    await this.#holder.kill();
  }
}
