/** A private place for the plugin: its directories in a temporary folder, a switch of the test's choice. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main, type Answer } from "../../../src/cni/main.js";
import type { World } from "../../../src/cni/world.js";
import { Err, Ok, UnreachableError } from "../../../src/index.js";
import { MemorySwitch } from "../../../src/testing/index.js";

type Json = Record<string, unknown>;

export interface Call {
  readonly command: string;
  readonly conf: unknown;
  readonly containerId?: string;
  readonly ifName?: string;
  readonly netns?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What a run gave, its standard output read. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The document on standard output; undefined: there was none. */
  readonly document: Json | undefined;
}

export const unreachable = new UnreachableError({
  operation: "connect",
  address: "unix:/run/vpp/api.sock",
  errno: "ENOENT",
  hint: "start VPP",
  message: "connect: cannot connect to unix:/run/vpp/api.sock: start VPP",
});

/** Connects to a switch that is not there. */
export const switchAway: World["connect"] = async () => Err(unreachable);

/** The bridge of most attachments: by its number, as VPP has it. */
export const onBridge = { netType: "bridge", bridge: { bridgeId: 4 } } as const;

/** A `host` whose socket the switch makes. */
export const master = {
  engine: "vpp",
  iftype: "memif",
  memif: { role: "master", mode: "ethernet" },
  ...onBridge,
} as const;

/** A `host` whose socket the container makes: the in-memory switch makes none. */
export const slave = { engine: "vpp", iftype: "memif", memif: { role: "slave" }, ...onBridge } as const;

export const containerId = "0958c8871b32aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff223344";

export class CniLab implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "cni-"));
  readonly memory = new MemorySwitch();
  readonly stateDir = join(this.dir, "state");
  readonly sharedDir = join(this.dir, "shared");
  readonly ipamDir = join(this.dir, "ipam");
  readonly bin = join(this.dir, "bin");
  /** How the plugin reaches the switch. */
  connect: World["connect"] = async ({ owner }) =>
    Ok(this.memory.connect(owner === undefined ? {} : { owner }));

  /** A configuration that keeps to this lab's directories. */
  conf(more: Json = {}): Json {
    return {
      cniVersion: "1.1.0",
      type: "userspace",
      name: "lab-net",
      stateDir: this.stateDir,
      sharedDir: this.sharedDir,
      host: master,
      ...more,
    };
  }

  /** host-local, with its addresses in this lab's directory. */
  ipam(more: Json = {}): Json {
    return { type: "host-local", dataDir: this.ipamDir, subnet: "10.56.217.0/24", ...more };
  }

  env({
    command,
    containerId: id = containerId,
    ifName = "net1",
    netns,
    env,
  }: Omit<Call, "conf">): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_IFNAME: ifName,
      CNI_NETNS: netns ?? "/proc/self/ns/net",
      CNI_NETNS_OVERRIDE: "1",
      CNI_PATH: `${this.bin}:/usr/lib/cni`,
      ...env,
    };
  }

  /** Runs the plugin in this process. */
  async run(call: Call): Promise<Outcome> {
    const lines: string[] = [];
    const answer: Answer = await main({
      args: [],
      env: this.env(call),
      stdin: () => (typeof call.conf === "string" ? call.conf : JSON.stringify(call.conf)),
      stderr: (line) => void lines.push(line),
      signal: call.signal ?? new AbortController().signal,
      connect: this.connect,
    });
    return { ...answer, stderr: lines.join("\n"), document: documentOf(answer.stdout) };
  }

  /** Puts a program where the plugin looks for IPAM plugins: a shell script. */
  plugin(name: string, script: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    chmodSync(join(this.bin, name), 0o755);
  }

  /** All files, sockets and directories below one of the lab's directories but the locks' own. */
  tree(directory: string): readonly string[] {
    if (!existsSync(directory)) return [];
    return readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((name) => !statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory())
      .toSorted();
  }

  /** The addresses that host-local has given out. */
  addresses(network = "lab-net"): readonly string[] {
    return this.tree(join(this.ipamDir, network)).filter((name) => /^\d/u.test(name));
  }

  /** Everything that is there of any attachment; all empty after the last DEL. */
  left(): Json {
    return {
      interfaces: this.memory.interfaces().map(({ name }) => name),
      bridges: this.memory.bridges().map(({ name }) => name),
      state: this.tree(this.stateDir),
      shared: existsSync(this.sharedDir)
        ? readdirSync(this.sharedDir, { recursive: true, encoding: "utf8" })
        : [],
      addresses: this.addresses(),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  constructor() {
    mkdirSync(this.bin);
  }
}

export const nothing = { interfaces: [], bridges: [], state: [], shared: [], addresses: [] };

/** What is on standard output. */
export function documentOf(stdout: string): Json | undefined {
  if (stdout === "") return undefined;
  const document: unknown = JSON.parse(stdout);
  if (typeof document === "object" && document !== null) return { ...document };
  throw new Error(`standard output is no object: ${stdout}`);
}
