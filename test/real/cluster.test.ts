import { describe, expect, it } from "vitest";
import { availableFlavours, startOvsdbCluster } from "../support/openvswitch.js";
import { labJson } from "../ovsdb/lab.js";

const { available, note } = availableFlavours().dummy;

describe.skipIf(!available)(`a cluster of ovsdb-servers${note}`, () => {
  it("has one leader, and another when that one is killed", { timeout: 60_000 }, async () => {
    await using cluster = await startOvsdbCluster({ schema: labJson, electionMs: 500 });
    expect(cluster.members).toHaveLength(3);
    const first = await cluster.leader();
    await first.kill();
    const second = await cluster.leader();
    expect(second.name).not.toBe(first.name);
    await first.start();
    await expect.poll(() => first.role(), { timeout: 20_000 }).toBe("follower");
    expect(await cluster.followers()).toHaveLength(2);
    expect(await cluster.dump(second)).toContain('"Item table"');
  });
});
