import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connect, type ConnectOptions } from "../src/index.js";
import { availableFlavours, startOpenVSwitch } from "./support/openvswitch.js";

/** With one of these there is a VPP on this host, and nothing to be said of a host without a switch. */
const isVppHere = ["/run/vpp/api.sock", "/run/vpp-api.sock"].some((socket) => existsSync(socket));
const unlessVpp = isVppHere ? " (skipped: a VPP runs on this host)" : "";

const ovs = availableFlavours().dummy;

describe("options that are wrong", () => {
  test.each([
    ["null", null],
    ["a text", "unix:/run/openvswitch/db.sock"],
  ])("%s: refused, and nothing is thrown", async (_what, options: unknown) => {
    const attempt: unknown = await Reflect.apply(connect, undefined, [options]);
    expect(attempt).toMatchObject({ error: { kind: "invalid", operation: "connect" } });
  });

  test.each<[string, object, string]>([
    ["an engine that nobody has", { engine: "bess" }, "engine"],
    ["an empty remote", { remote: "" }, "remote"],
    ["an owner that no mark could hold", { owner: "me/you" }, "owner"],
    ["a datapath type with a space", { datapathType: "net dev" }, "datapathType"],
    ["a misspelt option", { datapath: "netdev" }, "datapath"],
    ["a deadline that is none", { timeoutMs: -1 }, "timeoutMs"],
    ["a remote in no known syntax", { engine: "ovs", remote: "/var/run/openvswitch/db.sock" }, "remote"],
  ])("%s is named", async (_what, options, path) => {
    const attempt: unknown = await Reflect.apply(connect, undefined, [options]);
    expect(attempt).toMatchObject({ error: { kind: "invalid", operation: "connect", path } });
  });
});

describe("which switch it is", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "connect-"));
    vi.stubEnv("OVS_RUNDIR", directory);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  const engineOf = async (options: ConnectOptions): Promise<string> => {
    await using vswitch = (await connect(options)).unwrap();
    return vswitch.engine;
  };

  test.skipIf(!ovs.available)(`is Open vSwitch where its socket is, in OVS_RUNDIR${ovs.note}`, async () => {
    await using server = await startOpenVSwitch({ flavour: "dummy", vswitchd: false });
    vi.stubEnv("OVS_RUNDIR", server.dir);
    expect(await engineOf(isVppHere ? { engine: "ovs" } : {})).toBe("ovs");
  });

  test("is what the name of a remote says where there is no engine", async () => {
    const errorOf = async (name: string): Promise<unknown> =>
      (await connect({ remote: `unix:${join(directory, name)}` })).unwrapErr();
    expect(await errorOf("db.sock")).toMatchObject({ kind: "unreachable", errno: "ENOENT" });
    expect(await errorOf("api.sock")).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("VPP"),
    });
  });

  test("is one in memory where that is asked for", async () => {
    expect(await engineOf({ engine: "memory" })).toBe("memory");
  });

  test.skipIf(isVppHere)(`none: the error says where it looked, and what to do${unlessVpp}`, async () => {
    const error = (await connect()).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "ENOENT" });
    for (const word of [join(directory, "db.sock"), "/run/vpp/api.sock", "OVS_RUNDIR", "engine memory"])
      expect(error.message).toContain(word);
  });
});
