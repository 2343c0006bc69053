import { mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attachmentKey } from "../../src/cni/names.js";
import { tryLock } from "../../src/cni/state/lock.js";
import { CniLab, containerId, slave } from "./support/lab.js";

const short = containerId.slice(0, 12);

test.each(["after its ADD", "that never was added"])(
  "DEL of a container %s leaves one alone whose id begins alike",
  async (when) => {
    using lab = new CniLab();
    const conf = lab.conf({ host: slave });
    await lab.run({ command: "ADD", conf });
    const dir = join(lab.sharedDir, short);
    mkdirSync(dir, { recursive: true });
    const server = createServer();
    await new Promise<void>((done) => void server.listen(join(dir, `memif-${short}-net1.sock`), done));
    try {
      const before = readdirSync(dir);
      const other = `${short}ffff`;
      if (when === "after its ADD") await lab.run({ command: "ADD", conf, containerId: other });
      await lab.run({ command: "DEL", conf, containerId: other });
      expect(lab.tree(lab.sharedDir)).toEqual(before.map((file) => join(short, file)).toSorted());
    } finally {
      server.close();
    }
  },
);

test("a cancelled run does not wait for the lock", async () => {
  using lab = new CniLab();
  const key = attachmentKey("lab-net", { containerId, ifName: "net1" });
  using _held = tryLock(join(lab.stateDir, "locks"), key, Date.now() + 60_000);
  const run = lab.run({ command: "DEL", conf: lab.conf({ host: slave }), signal: AbortSignal.abort() });
  const late = new Promise((resolve) => setTimeout(() => resolve("waits"), 2500));
  expect(await Promise.race([run, late])).not.toBe("waits");
});
