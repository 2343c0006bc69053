/** The commands as a program calls them. */
import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  add,
  check,
  CniError,
  del,
  explain,
  gc,
  readConfiguration,
  status,
  type Attachment,
  type CommandOptions,
  type NetworkConfiguration,
} from "../../src/cni/index.js";
import { CniLab, containerId, nothing, switchAway } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const attachment: Attachment = { containerId, ifName: "net1", netns: "/proc/self/ns/net" };

const options = (more: CommandOptions = {}): CommandOptions => ({
  connect: lab.connect,
  env: { ...process.env, CNI_NETNS_OVERRIDE: "1" },
  path: [lab.bin],
  ...more,
});

/** The role slave: the switch in memory makes no sockets. */
const conf = (more: Partial<NetworkConfiguration> = {}): NetworkConfiguration => ({
  name: "lab-net",
  type: "userspace",
  stateDir: lab.stateDir,
  sharedDir: lab.sharedDir,
  host: { engine: "vpp", iftype: "memif", memif: { role: "slave" }, bridge: { bridgeId: 4 } },
  ...more,
});

const code = (result: { readonly error: unknown }): number | undefined =>
  result.error instanceof CniError ? result.error.code : undefined;

test("ADD, CHECK, DEL", async () => {
  const result = (await add(conf(), attachment, options())).unwrap();
  expect(result.interfaces).toMatchObject([
    { name: "net1", sandbox: "/proc/self/ns/net", socketPath: expect.stringContaining(lab.sharedDir) },
  ]);
  expect(lab.memory.interfaces()).toMatchObject([{ bridge: "4" }]);
  expect((await check(conf(), attachment, result, options())).isOk()).toBe(true);
  expect((await add(conf(), attachment, options())).unwrap()).toEqual(result);
  expect((await del(conf(), attachment, options())).isOk()).toBe(true);
  const gone = await check(conf(), attachment, result, options());
  expect(gone.isErr() && code(gone)).toBe(101);
  expect(lab.left()).toEqual(nothing);
});

test("what a program adds the plugin deletes, and the other way round", async () => {
  (await add(conf(), attachment, options())).unwrap();
  expect(await lab.run({ command: "DEL", conf: conf() })).toMatchObject({ exitCode: 0, stdout: "" });
  expect(lab.left()).toEqual(nothing);
  expect(await lab.run({ command: "ADD", conf: conf() })).toMatchObject({ exitCode: 0 });
  (await del(conf(), attachment, options())).unwrap();
  expect(lab.left()).toEqual(nothing);
});

test("an IPAM plugin is run with what the program gives, and its addresses are in the result", async () => {
  lab.plugin(
    "fixed",
    `[ "$CNI_COMMAND" = ADD ] && echo '{"cniVersion":"1.1.0","ips":[{"address":"10.0.0.9/24"}],"dns":{"domain":"'"$CNI_ARGS"'"}}'; exit 0`,
  );
  const given = options({ args: { IgnoreUnknown: "1", K8S_POD_NAME: "p" } });
  const result = (await add(conf({ ipam: { type: "fixed" } }), attachment, given)).unwrap();
  expect(result).toMatchObject({
    ips: [{ address: "10.0.0.9/24", interface: 0 }],
    dns: { domain: "IgnoreUnknown=1;K8S_POD_NAME=p" },
  });
  (await del(conf({ ipam: { type: "fixed" } }), attachment, given)).unwrap();
});

test("an earlier plugin's result goes before ours", async () => {
  const prevResult = {
    interfaces: [{ name: "eth0", sandbox: attachment.netns }],
    ips: [{ address: "10.1.0.2/24", interface: 0 }],
    routes: [],
    dns: undefined,
  };
  const result = (await add(conf({ prevResult }), attachment, options())).unwrap();
  expect(result).toMatchObject({ interfaces: [{ name: "eth0" }, { name: "net1" }], ips: prevResult.ips });
});

test("GC leaves what is valid", async () => {
  (await add(conf(), attachment, options())).unwrap();
  (await add(conf(), { ...attachment, containerId: "other" }, options())).unwrap();
  (await gc(conf(), [{ containerId: "other", ifName: "net1" }], options())).unwrap();
  expect(lab.memory.interfaces()).toMatchObject([{ name: "other-net1" }]);
  (await gc(conf(), [], options())).unwrap();
  expect(lab.left()).toEqual(nothing);
});

test("STATUS, a switch that is down, and a cancelled ADD", async () => {
  expect((await status(conf(), options())).isOk()).toBe(true);
  const down = options({
    connect: switchAway,
  });
  const off = await status(conf(), down);
  expect(off.isErr() && code(off)).toBe(51);
  const failed = await add(conf(), attachment, down);
  expect(failed.isErr() && code(failed)).toBe(11);
  const cancelled = await add(conf(), attachment, options({ signal: AbortSignal.abort() }));
  expect(cancelled.isErr() && code(cancelled)).toBe(11);
  expect(lab.left()).toEqual(nothing);
});

test("explain does nothing", async () => {
  const explained = (await explain(conf(), { containerId: "c", ifName: "net7" })).unwrap();
  expect(explained).toMatchObject({ network: "lab-net", interface: { name: "c-net7", type: "memif" } });
  expect(existsSync(lab.stateDir)).toBe(false);
});

test("warnings have somewhere to go", async () => {
  const lines: string[] = [];
  const given = options({ onWarning: (line) => void lines.push(line) });
  (await add(conf({ podAnnotations: true }), attachment, given)).unwrap();
  expect(lines).toEqual([expect.stringContaining("no pod is annotated")]);
});

test("a file's configuration is read in any case, its prevResult from any version", () => {
  const text = JSON.stringify({
    cniVersion: "0.2.0",
    Name: "n",
    type: "userspace",
    HOST: { Engine: "vpp", IFTYPE: "memif", memif: { role: "slave" } },
    prevResult: { ip4: { ip: "10.1.0.2/24" } },
  });
  expect(readConfiguration(text).unwrap()).toMatchObject({
    name: "n",
    host: { engine: "vpp", iftype: "memif" },
    prevResult: { ips: [{ address: "10.1.0.2/24" }] },
  });
  const wrong = readConfiguration("{");
  expect(wrong.isErr() && code(wrong)).toBe(6);
});
