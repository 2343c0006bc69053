/** Every version of the specification, every command, with and without IPAM, on every switch. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { supportedVersions } from "../../src/cni/versions.js";
import { connect } from "../../src/index.js";
import { CniLab, nothing, type Outcome } from "./support/lab.js";
import { expectedOutline, outlineOf } from "./support/results.js";
import { targets } from "./support/targets.js";

const plugins = existsSync("/usr/lib/cni/host-local");
const ipams = [
  ["without IPAM", undefined],
  ["with static", { type: "static", addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] }],
  ["with host-local", { type: "host-local", subnet: "10.56.217.0/24", routes: [{ dst: "0.0.0.0/0" }] }],
] as const;

for (const target of targets) {
  describe.skipIf(!target.available)(`${target.title}${target.note}`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.stop());

    for (const [with_, ipam] of ipams) {
      describe.skipIf(ipam !== undefined && !plugins)(`IPAM: ${with_}`, () => {
        test.each(supportedVersions)("version %s", async (version) => {
          using lab = new CniLab();
          lab.connect = connect;
          const before = await target.content();
          const conf = lab.conf({
            cniVersion: version,
            host: target.host(),
            ...(ipam !== undefined && { ipam: { ...ipam, dataDir: lab.ipamDir } }),
          });
          const added = await lab.run({ command: "ADD", conf });
          expect(added).toMatchObject({ exitCode: 0 });
          expect((await target.content()).interfaces).toHaveLength(before.interfaces.length + 1);
          expect(outlineOf(added.document ?? {})).toEqual(expectedOutline(version, ipam !== undefined));

          const checked = await lab.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
          expect(told(checked)).toBe(version < "0.4.0" ? 1 : "well");

          for (let nth = 0; nth < 2; nth += 1)
            expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
          expect(await target.content()).toEqual(before);
          expect(lab.left()).toEqual(nothing);

          const gc = await lab.run({ command: "GC", conf: { ...conf, "cni.dev/valid-attachments": [] } });
          const status = await lab.run({ command: "STATUS", conf });
          const known = version === "1.1.0" ? "well" : 1;
          expect([told(gc), told(status)]).toEqual([known, known]);
        });
      });
    }
  });
}

/** The code of an error; `well`: it ended well and said nothing. */
const told = ({ exitCode, stdout, document }: Outcome): unknown =>
  exitCode === 0 && stdout === "" ? "well" : document?.["code"];
