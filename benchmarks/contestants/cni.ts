import { existsSync, mkdirSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Command } from "../support/contestant-process.js";
import type { Engine } from "../support/cni-engines.js";
import { exec, python } from "./build.js";

export type CniCommand = "ADD" | "DEL";

/** How one command of a contestant is started on a switch. */
export interface Started {
  readonly command: Command;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CniContestant {
  readonly name: string;
  /** `undefined`: it has nothing to do with that switch. */
  start(command: CniCommand, engine: Engine): Started | undefined;
  /** Whether it makes and deletes an interface. */
  readonly attaches: boolean;
  /** Whether another process does the work, whose CPU time counts too. */
  readonly isServed?: boolean;
}

/** A contestant that can be started here, or why it cannot. */
export type PreparedCni = CniContestant | { readonly name: string; readonly missing: string };

export interface Place {
  readonly buildFolder: string;
  /** Of a short path, as sockets need it. */
  readonly socketFolder: string;
  /** Where the service listens. */
  readonly socket: string;
}

const root = join(import.meta.dirname, "../..");
const staticPlugin = "/usr/lib/cni/static";

export const node = "node -e 0";
export const kept = "one-shot";
export const served = "shim + service";
export const single = "single executable";

interface Entry {
  readonly name: string;
  /** Throws, saying why, where it cannot run on this machine. */
  prepare(place: Place): Promise<CniContestant>;
}

const always = (name: string, started: Started): CniContestant => ({
  name,
  attaches: false,
  start: () => started,
});

/** The plugin as it is installed: one file. */
export const pluginFile = ({ buildFolder }: Place): string => join(buildFolder, "cni/userspace.cjs");

/** A host has one switch, so what is kept for another one is not in its files. */
function withCache(command: Command, { buildFolder }: Place, cache: string): CniContestant["start"] {
  return (_command, { kind }) => {
    const folder = join(buildFolder, `${cache}-${kind}`);
    if (cache !== "") mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { command, env: { USERSPACE_CACHE: cache === "" ? "" : folder } };
  };
}

const plugin = (name: string, cache: string): Entry => ({
  name,
  async prepare(place) {
    const command: Command = [process.execPath, pluginFile(place)];
    return { name, attaches: true, start: withCache(command, place, cache) };
  },
});

const executable: Entry = {
  name: single,
  async prepare(place) {
    const postject = join(root, "node_modules/.bin/postject");
    if (!existsSync(postject)) throw new Error("no postject: npm ci");
    const program = join(place.buildFolder, "executable");
    const env = { ...process.env, POSTJECT: postject };
    await exec(join(root, "shim/single-executable.sh"), [program, pluginFile(place)], { env });
    return { name: single, attaches: true, start: withCache([program], place, "executable-cache") };
  },
};

const shim: Entry = {
  name: served,
  async prepare({ buildFolder, socket }) {
    const program = join(buildFolder, "shim");
    await exec("cc", ["-O2", "-Wall", "-o", program, join(root, "shim/userspace-shim.c")]);
    // Where the service does not answer it is to fail here, not to be a one-shot in disguise.
    const env = { VSWITCH_SOCKET: socket, USERSPACE_ONCE: "/bin/false" };
    return { name: served, attaches: true, isServed: true, start: () => ({ command: [program], env }) };
  },
};

/** What stands below any plugin in JavaScript that asks a switch something and remembers it. */
const smallest: Entry = {
  name: "node, one question",
  async prepare({ buildFolder }) {
    const source = join(import.meta.dirname, "../peers/node/dial.ts");
    const options = ["--no-config", source, "--format", "cjs", "--out-dir", join(buildFolder, "dial")];
    await exec(join(root, "node_modules/.bin/tsup"), [...options, "--silent"], { cwd: buildFolder });
    return {
      name: this.name,
      attaches: false,
      start(_command, { kind, remote, directory }) {
        const socket = remote.replace(/^unix:/u, "");
        const script = join(buildFolder, "dial/dial.cjs");
        return { command: [process.execPath, script, kind, socket, join(directory, "dialled")] };
      },
    };
  },
};

const name = "old0";

/** What the plugin of 2018 started: its script, which starts a shell, which starts ovs-vsctl. */
const oldScript: Entry = {
  name: "python, sh, ovs-vsctl",
  async prepare() {
    const interpreter = await python("subprocess");
    const script = join(import.meta.dirname, "../peers/python/ovs_config.py");
    return {
      name: this.name,
      attaches: true,
      start(command, { kind, remote, bridge, directory }) {
        if (kind !== "ovs") return undefined;
        const create = ["create", bridge, name, join(directory, "old.sock")];
        const action = command === "ADD" ? create : ["delete", bridge, name];
        return { command: [interpreter, "-B", script, remote, ...action] };
      },
    };
  },
};

/** What its successors start, from 2018-10 to v24.02: ovs-vsctl, three times for an ADD and twice for a DEL. */
const oldProcesses: Entry = {
  name: "ovs-vsctl, several",
  async prepare() {
    await exec("ovs-vsctl", ["--version"]);
    return {
      name: this.name,
      attaches: true,
      start(command, { kind, remote, bridge, directory }) {
        if (kind !== "ovs") return undefined;
        const vsctl = `ovs-vsctl --db=${remote} --timeout=10`;
        const path = join(directory, "old.sock");
        const set = `set Interface ${name} type=dpdkvhostuserclient options:vhost-server-path=${path}`;
        const add = [
          `${vsctl} --bare --columns=name find bridge name=${bridge}`,
          `${vsctl} add-port ${bridge} ${name} -- ${set}`,
          `${vsctl} --bare --columns=mac find port name=${name}`,
        ];
        const del = [`${vsctl} --if-exists del-port ${bridge} ${name}`, `${vsctl} list-ports ${bridge}`];
        return { command: ["sh", "-ec", (command === "ADD" ? add : del).join("\n")] };
      },
    };
  },
};

const entries: readonly Entry[] = [
  { name: node, prepare: async () => always(node, { command: [process.execPath, "-e", "0"] }) },
  smallest,
  {
    name: "static (Go)",
    async prepare() {
      if (!existsSync(staticPlugin)) throw new Error(`no ${staticPlugin} (containernetworking-plugins)`);
      return always(this.name, { command: [staticPlugin] });
    },
  },
  plugin(kept, "cache"),
  plugin("one-shot, nothing kept", ""),
  executable,
  shim,
  oldScript,
  oldProcesses,
];

export const cniNames: readonly string[] = entries.map((entry) => entry.name);

/** Builds the plugin and the service as the package has them, and makes the named contestants ready to start. */
export async function prepareCni(names: readonly string[], place: Place): Promise<readonly PreparedCni[]> {
  const tsup = join(root, "node_modules/.bin/tsup");
  const { buildFolder } = place;
  const options = { cwd: root };
  await exec(tsup, ["--config", "tsup.cni.config.ts", "--out-dir", buildFolder, "--silent"], options);
  await exec(tsup, ["--out-dir", join(buildFolder, "dist"), "--silent"], options);
  // The command finds its own package by name.
  await copyFile(join(root, "package.json"), join(buildFolder, "package.json"));
  await chmod(pluginFile(place), 0o755);
  const prepared: PreparedCni[] = [];
  for (const entry of entries.filter((candidate) => names.includes(candidate.name))) {
    try {
      prepared.push(await entry.prepare(place));
    } catch (error) {
      prepared.push({ name: entry.name, missing: error instanceof Error ? error.message : String(error) });
    }
  }
  return prepared;
}
