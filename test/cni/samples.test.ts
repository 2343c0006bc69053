/**
 * The configurations of the Userspace CNI plugin's README of 2018 as they are, with the directories of then, by the
 * plugin as a process and the script of `examples/standalone`; in mount and network namespaces of the test's own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unlessMissing } from "../vpp/schema/api-files.js";
import { sampleNetworks } from "./netconf/samples.js";

const repository = join(import.meta.dirname, "../..");

/** Its own /run, where VPP's socket is, and its own /var/lib. */
const inside = `set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/vpp
ip link set lo up
`;
const ways = [
  ["--mount", "--net"],
  ["--user", "--map-root-user", "--mount", "--net"],
];
const probe = `${inside}ip netns add probe`;
const way = ways.find((args) => spawnSync("unshare", [...args, "sh", "-c", probe]).status === 0);
const note =
  unlessMissing ||
  (way === undefined ? " (skipped: no mount and network namespaces can be made)" : "") ||
  (existsSync("/usr/lib/cni/host-local") ? "" : " (skipped: no host-local in /usr/lib/cni)");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cni-samples-"));
  const tsup = join(repository, "node_modules/.bin/tsup");
  const built = spawnSync(tsup, ["--config", "tsup.cni.config.ts", "--out-dir", folder, "--silent"], {
    cwd: repository,
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(`tsup failed: ${built.stderr}${built.stdout}`);
  const plugin = join(folder, "cni/userspace.cjs");
  const wrapper = `#!/bin/sh\nexec "${process.execPath}" "${plugin}" "$@"\n`;
  writeFileSync(join(folder, "userspace"), wrapper, { mode: 0o755 });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const id = "0958c8871b32aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff223344";

/** The script, with VPP and all in one place; what each step printed is in a file of its name. */
const steps = `${inside}
cd "$FOLDER"
mkfifo to from
"$NODE" --import "$TSX" "$VPP" <to >from &
exec 3>to 4<from
read -r _ <&4
sh "$SCRIPT" explain conf >explained
sh "$SCRIPT" add conf "$ID" >added || { cat added >&2; exit 1; }
echo >&3; read -r there <&4; echo "$there"
find /run/vpp/cni /var/lib/cni -type f | sort >files
cp "/run/vpp/cni/$ID"/*-net0.json .
sh "$SCRIPT" del conf "$ID" >deleted
echo >&3; read -r there <&4; echo "$there"
find /run/vpp/cni /var/lib/cni | grep "$ID" || true
exec 3>&-
wait`;

describe.skipIf(note !== "")(`sample configurations${note}`, () => {
  const rows = sampleNetworks.map(({ title, address, conf }) => [title, address, conf] as const);
  test.each(rows)("%s: %s", (_title, address, conf) => {
    const at = mkdtempSync(join(folder, "run-"));
    writeFileSync(join(at, "conf"), JSON.stringify(conf));
    const env = {
      ...process.env,
      CNI_PATH: "/usr/lib/cni",
      FOLDER: at,
      ID: id,
      NODE: process.execPath,
      SCRIPT: join(repository, "examples/standalone/try.sh"),
      TSX: import.meta.resolve("tsx"),
      USERSPACE: join(folder, "userspace"),
      VPP: join(import.meta.dirname, "support/vpp-here.ts"),
    };
    const ran = spawnSync("unshare", [...(way ?? []), "sh", "-c", steps], { env, encoding: "utf8" });
    expect([ran.stderr, ran.stdout]).toEqual(["", "local0 memif1/0\nlocal0\n"]);

    const text = (name: string): string => readFileSync(join(at, name), "utf8");
    const read = (name: string): unknown => JSON.parse(text(name));
    expect(read("explained")).toMatchObject({
      network: "memif-network",
      interface: { type: "memif", role: "master", attach: { bridge: "4" } },
      container: { interface: { type: "memif", role: "slave", mode: "ethernet" }, netType: "interface" },
    });
    expect(read("added")).toMatchObject({
      cniVersion: "0.3.1",
      interfaces: [{ name: "net0", sandbox: `/run/netns/${id}` }],
      ips: [{ version: "4", address }],
      routes: [{ dst: "0.0.0.0/0" }],
    });
    const networks = `/var/lib/cni/networks/memif-network/${address.replace(/\/.*/u, "")}`;
    expect(text("files").split("\n")).toContain(networks);
    expect(read("remote-net0.json")).toMatchObject({
      name: "memif-network",
      host: {
        engine: "vpp",
        iftype: "memif",
        netType: "interface",
        memif: { role: "slave", mode: "ethernet" },
      },
    });
    const addressed = { ips: [{ address }] };
    expect(read("addData-net0.json")).toMatchObject({ containerId: id, ifName: "net0", ipResult: addressed });
    expect(text("deleted")).toBe("");
  });
});
