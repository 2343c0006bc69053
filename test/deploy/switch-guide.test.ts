/** The program in `doc/switch.md`: it compiles, and on every switch it prints what it says. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { VppServer } from "../../src/testing/index.js";
import { diagnosticsOf } from "../support/compiler.js";
import { readGuide, runGuide } from "../support/guide.js";
import { availableFlavours, startOpenVSwitch } from "../support/openvswitch.js";
import { realVpp, unlessReal } from "../support/vpp-real.js";
import { apiDirectory, releases, unlessMissing } from "../vpp/schema/api-files.js";

const guide = readGuide("doc/switch.md");
const sources = join(import.meta.dirname, "../../src");
const { available, note } = availableFlavours().dpdk;

const asSaid = { lines: guide.printed, code: 0 };

const index = pathToFileURL(join(sources, "index.ts")).href;
const program = guide.program({ "vswitch-drivers": index });

const run = (code: string, env: Readonly<Record<string, string>>): ReturnType<typeof runGuide> =>
  runGuide(new Map([["guide.ts", code]]), env);

describe("the guide's program", { timeout: 60_000 }, () => {
  test("compiles, as strict as this project", () => {
    const code = guide.program({ "vswitch-drivers": "./index.js" });
    expect(diagnosticsOf(new Map([[join(sources, "guide.ts"), code]]))).toEqual([]);
  });

  test("does on a switch in memory what the guide says, and ends", async () => {
    expect(await run(program, {})).toEqual(asSaid);
  });

  test.skipIf(!available)(`does the same on Open vSwitch with DPDK${note}`, async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    // A vswitchd without privileges has no tap devices for the bridges of the userspace datapath.
    const code = program.replaceAll('owner: "guide"', `owner: "guide", datapathType: "${ovs.datapathType}"`);
    expect(await run(code, { VSWITCH_REMOTE: ovs.remote })).toEqual(asSaid);
  });

  test.skipIf(releases.length === 0)(`does the same on the VPP API server${unlessMissing}`, async () => {
    const api = { directory: join(apiDirectory, releases.at(-1) ?? "") };
    await using server = (await VppServer.start({ api })).unwrap();
    expect(await run(program, { VSWITCH_REMOTE: server.remote })).toEqual(asSaid);
  });

  test.skipIf(realVpp === undefined)(`does the same on a real VPP${unlessReal}`, async () => {
    expect(await run(program, { VSWITCH_REMOTE: realVpp?.remote ?? "" })).toEqual(asSaid);
  });
});
