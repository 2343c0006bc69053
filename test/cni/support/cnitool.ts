/** The plugin as people try it by hand: by cnitool, the command of the reference library. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { buildModule, type LibcniAnswer, type LibcniCall } from "./libcni.js";

/** Why it cannot be run here; undefined: it can. */
export const unlessCnitool: string | undefined =
  process.getuid?.() === 0 ? undefined : "cnitool keeps results in /var/lib/cni, which only root may";

/** Builds it, known by the checksum database, into a folder. */
export async function buildCnitool(folder: string): Promise<string> {
  await buildModule("github.com/containernetworking/cni/cnitool@v1.3.1", folder);
  return join(folder, "cnitool");
}

/**
 * Has cnitool carry out a command. It finds the configuration in a directory, makes the container's id of the network
 * namespace, and keeps results in /var/lib/cni: in a mount namespace of its own, where that is the call's `cacheDir`.
 */
export function callCnitool(program: string, command: string, call: LibcniCall): Promise<LibcniAnswer> {
  const { path, cacheDir, list, netns, ifName } = call;
  const configurations = `${cacheDir}-net.d`;
  [cacheDir, configurations].forEach((each) => mkdirSync(each, { recursive: true }));
  writeFileSync(join(configurations, "10-lab.conflist"), JSON.stringify(list));
  const env = { PATH: process.env["PATH"], CNI_PATH: path.join(":"), NETCONFPATH: configurations };
  const words = [program, command.toLowerCase(), String(list["name"]), netns, "--ifname", ifName];
  const script = 'mount --bind "$0" /var/lib && exec "$@"';
  return new Promise((resolve) => {
    execFile(
      "unshare",
      ["--mount", "sh", "-c", script, cacheDir, ...words],
      { env },
      (error, stdout, stderr) => {
        if (error !== null) return resolve({ error: { code: 0, message: stderr } });
        const result: unknown = stdout === "" ? undefined : JSON.parse(stdout);
        resolve(result === undefined ? {} : { result });
      },
    );
  });
}
