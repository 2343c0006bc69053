/** The Open vSwitch driver when things go wrong at the worst moment: somebody else is faster, servers die or sleep. */
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type VSwitch, type VSwitchError } from "../../src/index.js";
import type { Result } from "../../src/core/result.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../support/openvswitch.js";

const flavours = availableFlavours();
const owner = "failures";

async function open(ovs: OpenVSwitch, remote = ovs.remote): Promise<VSwitch> {
  const { datapathType } = ovs;
  return (await connect({ engine: "ovs", remote, owner, datapathType })).unwrap();
}

function errorOf(result: Result<unknown, VSwitchError>): VSwitchError {
  if (result.isOk()) throw new Error(`expected an error, got ${JSON.stringify(result.value)}`);
  return result.error;
}

describe.skipIf(!flavours.dummy.available)(`Open vSwitch at its worst${flavours.dummy.note}`, () => {
  let ovs: OpenVSwitch;

  beforeEach(async () => {
    ovs = await startOpenVSwitch({ flavour: "dummy" });
    await ovs.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy");
  });
  afterEach(() => ovs.stop());

  /** A driver whose connection broke, at a server that takes connections and answers nothing. */
  async function stunned(): Promise<VSwitch> {
    const vswitch = await open(ovs);
    await ovs.server.killServer();
    errorOf(await vswitch.listBridges());
    await ovs.server.startServer();
    process.kill(ovs.server.pid, "SIGSTOP");
    return vswitch;
  }

  test("a verb that shares another's attempt to reconnect ends at its own deadline or signal", async () => {
    await using vswitch = await stunned();
    const patient = vswitch.listBridges({ timeoutMs: 50_000 });
    const abort = new AbortController();
    const cancelled = vswitch.listInterfaces({ signal: abort.signal, timeoutMs: 50_000 });
    expect(errorOf(await vswitch.getInterface("x", { timeoutMs: 100 }))).toMatchObject({
      kind: "timeout",
      timeoutMs: 100,
    });
    abort.abort();
    expect(errorOf(await cancelled).kind).toBe("aborted");
    process.kill(ovs.server.pid, "SIGCONT");
    expect((await patient).isOk()).toBe(true);
  }, 20_000);

  test("close() ends an attempt to reconnect, and the verbs that wait for it", async () => {
    const vswitch = await stunned();
    const waiting = [1, 2].map(() => vswitch.listBridges({ timeoutMs: 50_000 }));
    await vswitch.close();
    for (const each of waiting) expect(errorOf(await each).kind).toBe("disconnected");
  }, 20_000);
});
