/** The program in `doc/vpp.md`: it compiles, and on a VPP it prints what it says. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";

import { VppServer } from "../../src/testing/index.js";
import { generateBindings } from "../../src/vpp/codegen/index.js";
import { diagnosticsOf } from "../support/compiler.js";
import { readGuide, runGuide } from "../support/guide.js";
import { realVpp, unlessReal } from "../support/vpp-real.js";
import { apiDirectory, modelOf, releases, unlessMissing } from "./schema/api-files.js";

const guide = readGuide("doc/vpp.md");
const sources = join(import.meta.dirname, "../../src/vpp");
const newest = releases.at(-1) ?? "";

/** The bindings that the guide has generated, and its program, by file name. */
function modulesOf(release: string, client: string, wire: string): ReadonlyMap<string, string> {
  const modules = ["vpe", "interface", "memif", "l2"];
  const inputs = [{ release, model: modelOf(release) }];
  const { files } = generateBindings(inputs, { modules, runtime: wire }).unwrap();
  const bindings = [...files].map(([name, text]): [string, string] => [`vpp/${name}`, text]);
  return new Map([...bindings, ["guide.ts", guide.program({ "vswitch-drivers/vpp": client })]]);
}

const runnable = (release: string): ReadonlyMap<string, string> => {
  const url = (file: string): string => pathToFileURL(join(sources, file)).href;
  return modulesOf(release, url("index.ts"), url("wire/index.ts"));
};

describe.skipIf(releases.length === 0)(`the guide's program${unlessMissing}`, () => {
  test("compiles, as strict as this project", { timeout: 120_000 }, () => {
    const modules = modulesOf(newest, join(sources, "index.js"), join(sources, "wire/index.js"));
    const here = new Map([...modules].map(([name, text]) => [join(sources, "guide", name), text]));
    expect(diagnosticsOf(here)).toEqual([]);
  });

  test("does what the guide says, and ends", { timeout: 60_000 }, async () => {
    const directory = join(apiDirectory, newest);
    await using server = (await VppServer.start({ api: { directory } })).unwrap();
    const env = { VPP_REMOTE: server.remote, VPP_API: directory };
    expect(await runGuide(runnable(newest), env)).toEqual({ lines: guide.printed, code: 0 });
    expect(server.clients).toEqual([]);
    expect(server.rudeEnds).toBe(0);
  });

  test.skipIf(realVpp === undefined)(
    `does on a real VPP of this release what the guide says${unlessReal}`,
    { timeout: 60_000 },
    async ({ skip }) => {
      const release = await realVpp?.release();
      if (realVpp === undefined || release !== newest) return skip(`the guide is written for ${newest}`);
      const env = { VPP_REMOTE: realVpp.remote, VPP_API: join(apiDirectory, release) };
      expect(await runGuide(runnable(release), env)).toEqual({ lines: guide.printed, code: 0 });
    },
  );
});
