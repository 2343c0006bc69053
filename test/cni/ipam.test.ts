/** What the IPAM plugin is asked, and what becomes of its answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CniLab, containerId, slave } from "./support/lab.js";
import { askedOf, recordIpam } from "./support/recording-ipam.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const well = { exitCode: 0, stdout: "" };

describe("the IPAM plugin", () => {
  test("gets the whole configuration, as it came, with every command", async () => {
    recordIpam(lab);
    const runtimeConfig = { ips: ["10.0.0.2/24"] };
    const valid = { "cni.dev/valid-attachments": [{ containerID: containerId, ifname: "net1" }] };
    const conf = lab.conf({
      host: slave,
      ipam: { type: "recorder", Own: [1] },
      runtimeConfig,
      other: "key",
      LOGLEVEL: "info",
    });
    const { document: prevResult } = await lab.run({ command: "ADD", conf });
    expect(askedOf(lab, "ADD", containerId)).toEqual(conf);
    await lab.run({ command: "CHECK", conf: { ...conf, prevResult } });
    expect(askedOf(lab, "CHECK", containerId)).toEqual({ ...conf, prevResult });
    const network = { containerId: "", ifName: "" };
    expect(await lab.run({ command: "STATUS", conf, ...network })).toMatchObject(well);
    expect(askedOf(lab, "STATUS")).toEqual(conf);
    expect(await lab.run({ command: "GC", conf: { ...conf, ...valid }, ...network })).toMatchObject(well);
    expect(askedOf(lab, "GC")).toEqual({ ...conf, ...valid });
    await lab.run({ command: "DEL", conf });
    expect(askedOf(lab, "DEL", containerId)).toEqual(conf);
  });

  test("has the environment of ours, with the runtime's trace in it", async () => {
    lab.plugin(
      "traced",
      `echo "$TRACEPARENT $TRACESTATE" > "${lab.dir}/trace-$CNI_COMMAND"
[ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]}'; exit 0`,
    );
    const env = { TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TRACESTATE: "a=b" };
    const conf = lab.conf({ host: slave, ipam: { type: "traced" } });
    for (const command of ["ADD", "DEL"]) {
      expect(await lab.run({ command, conf, env })).toMatchObject({ exitCode: 0 });
      const seen = readFileSync(join(lab.dir, `trace-${command}`), "utf8").trim();
      expect(seen).toBe(`${env.TRACEPARENT} ${env.TRACESTATE}`);
    }
  });

  test("that fails CHECK or STATUS fails ours", async () => {
    recordIpam(lab);
    const conf = lab.conf({ host: slave, ipam: { type: "recorder" } });
    const { document: prevResult } = await lab.run({ command: "ADD", conf });
    lab.plugin("recorder", `echo '{"code":42,"msg":"lost it"}'; exit 1`);
    for (const command of ["CHECK", "STATUS"]) {
      const { document } = await lab.run({ command, conf: { ...conf, prevResult } });
      expect(document).toMatchObject({ code: 42, msg: expect.stringContaining("lost it") });
    }
  });

  test("of before 1.1.0 is asked in its own version, with prevResult in that version's form", async () => {
    lab.plugin(
      "old",
      `input=$(cat)
case $input in *'"cniVersion":"0.4.0"'*) ;; *)
  [ $CNI_COMMAND = VERSION ] && echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}' && exit 0
  echo '{"cniVersion":"0.4.0","code":1,"msg":"incompatible"}'; exit 1;; esac
echo "$input" > "${lab.dir}/$CNI_COMMAND-$CNI_CONTAINERID"
[ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.2/24"}]}'; exit 0`,
    );
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", socketPath: "/s", mtu: 9 }] };
    const conf = lab.conf({ host: slave, ipam: { type: "old" }, prevResult });
    const { document } = await lab.run({ command: "ADD", conf });
    expect(document).toMatchObject({ cniVersion: "1.1.0", ips: [{ address: "10.0.0.2/24", interface: 1 }] });
    expect(askedOf(lab, "ADD", containerId)).toMatchObject({
      prevResult: { cniVersion: "0.4.0", interfaces: [{ name: "eth0" }] },
    });
    expect(JSON.stringify(askedOf(lab, "ADD", containerId))).not.toContain("socketPath");
  });
});
