import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Host } from "../debian.js";
import { Installation } from "./programs.js";

/** What apt-get is asked for on a machine that has nothing. */
export const allPackages =
  "openvswitch-switch openvswitch-switch-dpdk librte-mempool-ring23 librte-net-memif23 librte-bus-vdev23 openssl iproute2 util-linux";

/** A machine in a folder: nothing installed, an apt-get that installs by touching files, and an apt-cache. */
export function fakeMachine({ installed = false, lists = true, hasApt = true, apt = "" } = {}) {
  const root = mkdtempSync(join(tmpdir(), "machine-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const sbin = join(root, "usr/sbin");
  const drivers = join(root, "usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0");
  const programs = [
    "ovsdb-server",
    "ovs-vsctl",
    "ovs-vswitchd",
    "ovs-vswitchd-dpdk",
    "openssl",
    "ip",
    "setpriv",
    "unshare",
  ];
  const touched = programs.map((program) => join(sbin, program));
  touched.push(
    ...["mempool_ring", "net_memif", "bus_vdev"].map((driver) => join(drivers, `librte_${driver}.so.23`)),
  );
  const put = (file: string, text: string): void => writeFileSync(join(root, file), text, { mode: 0o755 });

  mkdirSync(sbin, { recursive: true });
  mkdirSync(join(root, "usr/bin"));
  mkdirSync(drivers, { recursive: true });
  put(
    "touch",
    `#!/bin/sh\nPATH=/usr/bin:/bin\ntouch ${touched.join(" ")} && chmod +x ${touched.join(" ")}\n`,
  );
  put("usr/bin/apt-cache", `#!/bin/sh\n[ -e ${root}/lists ] && echo "  Depends: librte-eal23"\n`);
  put(
    "usr/bin/apt-get",
    `#!/bin/sh
${apt}
while case $1 in -q) ;; -o) shift ;; *) false ;; esac; do shift; done
policy=
if [ -x ${sbin}/policy-rc.d ]; then ${sbin}/policy-rc.d; policy=" policy=$?"; fi
echo "$*$policy" >>${root}/calls
case $1 in update) touch ${root}/lists ;; install) ${root}/touch ;; esac
`,
  );
  if (!hasApt) rmSync(join(root, "usr/bin"), { recursive: true });
  if (lists) put("lists", "");
  if (installed) execFileSync(join(root, "touch"));
  const installation = new Installation(root);
  return {
    root,
    /** What apt-get was asked to do, a line a call. */
    calls: () => (existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8") : ""),
    host: (env: Record<string, string>): Host => {
      return { openVSwitch: installation, system: installation, env, isRoot: true };
    },
  };
}
