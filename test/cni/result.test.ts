/** What ADD prints. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CniLab, slave } from "./support/lab.js";
import { bothFamilies, recordIpam } from "./support/recording-ipam.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

describe("the result", () => {
  const add = async (cniVersion: string, more: object = {}) => {
    recordIpam(lab, bothFamilies.replace("1.1.0", cniVersion));
    const conf = lab.conf({ cniVersion, host: slave, ...more });
    return (await lab.run({ command: "ADD", conf })).document;
  };

  test("has every address with its gateway and index, the routes and the DNS of IPAM", async () => {
    expect(await add("1.1.0", { ipam: { type: "recorder" }, dns: { domain: "not-this" } })).toMatchObject({
      ips: [
        { address: "10.0.0.2/24", gateway: "10.0.0.1", interface: 0 },
        { address: "fd00::2/64", gateway: "fd00::1", interface: 0 },
      ],
      routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "fd00::9", mtu: 1400 }],
      dns: { nameservers: ["10.0.0.53"] },
    });
  });

  test("has the DNS of the configuration where IPAM gives none", async () => {
    const dns = { nameservers: ["10.0.0.54"], domain: "lab" };
    expect(await add("1.1.0", { dns })).toMatchObject({ dns });
  });

  test("has no field in 1.0.0 that came with 1.1.0", async () => {
    const result = await add("1.0.0", { ipam: { type: "recorder" }, mtu: 1400 });
    expect(result?.["interfaces"]).toEqual([{ name: "net1", sandbox: "/proc/self/ns/net" }]);
    expect(result?.["routes"]).toEqual([{ dst: "0.0.0.0/0" }, { dst: "::/0", gw: "fd00::9" }]);
  });

  test("has the MAC address and the MTU that were asked for", async () => {
    const own = { mac: "02:00:00:00:00:01", mtu: 1400 };
    const args = { cni: { mac: "02-00-00-00-00-01" } };
    expect(await add("1.1.0", { mtu: 1400, args })).toMatchObject({ interfaces: [own] });
  });

  test("is all that is on standard output, however much is logged", async () => {
    const logFile = join(lab.dir, "log");
    const conf = lab.conf({ host: slave, LOGLEVEL: "VERBOSE", LogFile: logFile });
    for (const command of ["ADD", "DEL"]) {
      const { stdout, document } = await lab.run({ command, conf });
      expect([stdout.includes("begins"), document === undefined]).toEqual([false, command === "DEL"]);
    }
    const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
    expect(lines.filter((line) => /(?:ADD|DEL) .* ends well$/u.test(line))).toHaveLength(2);
    expect(statSync(logFile).mode & 0o777).toBe(0o644);
  });
});
