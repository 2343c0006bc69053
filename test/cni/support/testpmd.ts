/** DPDK's testpmd: of the system's package dpdk-dev, or of packages unpacked in a folder of their own. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Installation } from "../../support/openvswitch/programs.js";

const root = process.env["VSWITCH_TEST_DPDK_ROOT"] ?? "";
const installation = root === "" ? Installation.system() : new Installation(root);
const binary = installation.find("dpdk-testpmd");

const librariesOf = (folder: string): readonly string[] =>
  readdirSync(join(folder, "usr/lib"))
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join(folder, "usr/lib", name));

/** Empty where the system has all. */
function libraryPath(): string {
  if (root === "") return "";
  const [own, system] = [installation.driverFolder(), Installation.system().driverFolder()];
  return [...librariesOf(root), own, system].filter((folder) => folder !== undefined).join(":");
}

const hasVirtio = (): boolean =>
  [installation, Installation.system()].some((each) => each.hasDriver("net_virtio"));

function reason(): string {
  if (binary === undefined) return "no dpdk-testpmd: install dpdk-dev, or set VSWITCH_TEST_DPDK_ROOT";
  if (!hasVirtio()) return "no DPDK driver net_virtio: install librte-net-virtio23";
  const { stdout } = spawnSync("ldd", [binary], {
    encoding: "utf8",
    env: { ...process.env, LD_LIBRARY_PATH: libraryPath() },
  });
  const missing = /^\s*(\S+) => not found$/mu.exec(stdout)?.[1];
  return missing === undefined ? "" : `dpdk-testpmd lacks ${missing}`;
}

/** Why it cannot run here; empty: it can. */
export const testpmdMissing = reason();

/** Counters of a port, by testpmd. */
export interface PortCounters {
  readonly rx: number;
  readonly tx: number;
}

/** A testpmd that forwards between its ports, until it is disposed. */
export class Testpmd implements AsyncDisposable {
  readonly #child;
  #output = "";

  /** `devices`: EAL's `--vdev` arguments. Without huge pages, and with little memory. */
  constructor(dir: string, devices: readonly string[]) {
    if (binary === undefined) throw new Error(testpmdMissing);
    const drivers = installation.root === "/" ? [] : ["-d", installation.driverFolder() ?? ""];
    const eal = ["--no-huge", "--legacy-mem", "-m", "128", "--no-pci", "--no-telemetry", "-l", "0,1"];
    const own = ["--interactive", "--total-num-mbufs=2048", "--no-lsc-interrupt"];
    this.#child = spawn(binary, [...eal, "--file-prefix=testpmd_", ...drivers, ...devices, "--", ...own], {
      env: { ...process.env, XDG_RUNTIME_DIR: dir, LD_LIBRARY_PATH: libraryPath() },
      stdio: ["pipe", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on("data", (piece: Buffer) => {
        this.#output += piece.toString();
      });
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Sends a burst from each port and forwards what comes in; again where a burst came before its peer was ready. */
  start(): void {
    this.#child.stdin.write("stop\nset fwd io\nstart tx_first\n");
  }

  /** Has it print its counters. */
  show(): void {
    this.#child.stdin.write("show port stats all\n");
  }

  /** What it printed last of each port. */
  counters(): ReadonlyMap<number, PortCounters> {
    const blocks = this.#output.matchAll(
      /NIC statistics for port (\d+) [\s\S]*?RX-packets: (\d+)[\s\S]*?TX-packets: (\d+)/gu,
    );
    return new Map([...blocks].map(([, port, rx, tx]) => [Number(port), { rx: Number(rx), tx: Number(tx) }]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }
}
