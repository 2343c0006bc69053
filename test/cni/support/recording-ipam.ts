import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CniLab } from "./lab.js";

/** What an IPAM plugin answers that gives an address of each family, with routes and DNS. */
export const bothFamilies: string = JSON.stringify({
  cniVersion: "1.1.0",
  ips: [
    { address: "10.0.0.2/24", gateway: "10.0.0.1" },
    { address: "fd00::2/64", gateway: "fd00::1" },
  ],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "fd00::9", mtu: 1400 }],
  dns: { nameservers: ["10.0.0.53"] },
});

/** Installs an IPAM plugin, `recorder`, that keeps what it is asked and answers ADD so. */
export function recordIpam(lab: CniLab, answer: string = bothFamilies): void {
  lab.plugin(
    "recorder",
    `cat > "${lab.dir}/$CNI_COMMAND-$CNI_CONTAINERID"; case $CNI_COMMAND in ADD) echo '${answer}';; esac`,
  );
}

/** The configuration with which a plugin was asked last that keeps it there. */
export const askedOf = (lab: CniLab, command: string, containerId = ""): unknown =>
  JSON.parse(readFileSync(join(lab.dir, `${command}-${containerId}`), "utf8"));
