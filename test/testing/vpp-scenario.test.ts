/** The simulated VPP does what the real one does. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { VppServer } from "../../src/testing/vpp/index.js";
import { connectVpp } from "../../src/vpp/api/connect.js";
import { modelOf, releases, unlessMissing } from "../vpp/schema/api-files.js";
import { playScenario } from "../support/vpp-scenario.js";
import { realVpp, unlessReal } from "../support/vpp-real.js";

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "vpp-scenario-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** What a simulated VPP of a release says. */
async function simulated(release: string): Promise<readonly string[]> {
  await using server = (await VppServer.start({ api: modelOf(release) })).unwrap();
  const { remote } = server;
  await using client = (await connectVpp({ remote, api: { model: modelOf(release) } })).unwrap();
  const lines = await playScenario(client, temporary());
  expect(server.deaths).toStrictEqual([]);
  expect(server.vpp.interfaces.all().map(({ name }) => name)).toStrictEqual(["local0"]);
  expect([...server.vpp.bridgeDomains.keys()]).toStrictEqual([]);
  return lines;
}

/** What a VPP 26.06 and a VPP 20.05 said, word for word the same. */
const recorded = readFileSync(join(import.meta.dirname, "vpp-scenario.txt"), "utf8")
  .trimEnd()
  .split("\n");

describe.skipIf(releases.length === 0)(`the simulated VPP${unlessMissing}`, () => {
  test.each(releases)("%s: says what a real one said", async (release) => {
    expect(await simulated(release)).toStrictEqual(recorded);
  });
});

describe.skipIf(realVpp === undefined)(`a real VPP${unlessReal}`, () => {
  test("says what is recorded", async () => {
    if (realVpp === undefined) return;
    const model = modelOf(await realVpp.release());
    await using client = (await connectVpp({ remote: realVpp.remote, api: { model } })).unwrap();
    expect(await playScenario(client, temporary())).toStrictEqual(recorded);
  });
});
