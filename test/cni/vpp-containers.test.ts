/** Two containers with a VPP of their own, on the host's: what the plugin hands over and usrsp-app makes of it carries packets. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/index.js";
import { unlessVpp, VppProcess } from "../support/vpp-process.js";
import { CniLab, master, nothing } from "./support/lab.js";
import { runUsrspApp } from "./support/usrsp-app.js";

const hostLocal = existsSync("/usr/lib/cni/host-local");
const note = unlessVpp || (hostLocal ? "" : " (skipped: no host-local in /usr/lib/cni)");

describe.skipIf(note !== "")(`two containers with a VPP of their own${note}`, () => {
  test.each([
    ["an untagged bridge", {}],
    ["VLAN 10 of a bridge", { vlan: 10 }],
  ])(
    "ping each other through %s",
    async (_what, more) => {
      await using host = await VppProcess.start();
      using lab = new CniLab();
      lab.connect = connect;
      const conf = lab.conf({
        host: { ...master, remote: host.remote, ...more },
        ipam: lab.ipam({ subnet: "192.168.210.0/24", rangeStart: "192.168.210.45" }),
      });
      const ids = ["a", "b"].map((letter) => letter.repeat(64));
      const vpps = await Promise.all(ids.map(() => VppProcess.start()));
      try {
        for (const [at, containerId] of ids.entries()) {
          expect(await lab.run({ command: "ADD", conf, containerId })).toMatchObject({ exitCode: 0 });
          const dir = join(lab.sharedDir, containerId.slice(0, 12));
          const configured = await runUsrspApp("vpp", "--dir", dir, "--db", vpps[at]?.remote ?? "");
          expect(configured).toMatchObject({ code: 0, stderr: "" });
          expect(configured.stdout).toContain(`net1: configured, 192.168.210.${45 + at}/24`);
        }
        const [a] = vpps;
        await expect
          .poll(() => a?.cli("ping 192.168.210.46 repeat 5 interval 0.2"), { timeout: 30_000 })
          .toMatch(/Statistics: 5 sent, [1-5] received/u);
        for (const containerId of ids) {
          const { document } = await lab.run({ command: "ADD", conf, containerId });
          const checked = { ...conf, prevResult: document };
          expect(await lab.run({ command: "CHECK", conf: checked, containerId })).toMatchObject({
            exitCode: 0,
          });
        }
        for (const containerId of ids)
          expect(await lab.run({ command: "DEL", conf, containerId })).toMatchObject({ exitCode: 0 });
        expect(lab.left()).toEqual(nothing);
        expect(await host.cli("show memif")).not.toContain("memif1");
      } finally {
        await Promise.all(vpps.map((vpp) => vpp.stop()));
      }
    },
    120_000,
  );
});
