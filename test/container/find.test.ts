import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findHandovers } from "../../src/container/index.js";
import {
  containerId,
  memif,
  oldAddData,
  oldConfiguration,
  oldRemote,
  SharedFolder,
  vhost,
} from "./samples.js";

const nowhere = "/none/such";

const inFolder = (shared: SharedFolder, more: object = {}): ReturnType<typeof findHandovers> =>
  findHandovers({ folders: [shared.path], annotations: nowhere, ...more });

describe("files", () => {
  test("of the new form, in the order of their names as people count", () => {
    using shared = new SharedFolder();
    for (const ifName of ["net10", "net2"])
      shared.write(`attachment-${ifName}.json`, memif(shared.path, { ifName }));
    const { found, faults } = inFolder(shared);
    expect(found.map(({ handover }) => handover)).toEqual([
      memif(shared.path, { ifName: "net2" }),
      memif(shared.path, { ifName: "net10" }),
    ]);
    expect(found[0]).toMatchObject({
      source: join(shared.path, "attachment-net2.json"),
      folder: shared.path,
    });
    expect(faults).toEqual([]);
  });

  test("of the first release: role, socket and addresses; the half of a pair is waited for", () => {
    using shared = new SharedFolder();
    shared.write("remote-net0.json", oldRemote);
    expect(inFolder(shared)).toEqual({ found: [], faults: [] });
    shared.write("addData-net0.json", oldAddData);
    const [found] = inFolder(shared, { memifSockets: shared.path }).found;
    expect(found?.handover).toEqual({
      version: 1,
      network: "memif-network",
      containerId,
      ifName: "net0",
      engine: "vpp",
      interface: {
        type: "memif",
        socket: `${shared.path}/memif-79b661b189b2-net0.sock`,
        role: "slave",
        mode: "ethernet",
        id: 0,
      },
      netType: "interface",
      addresses: [{ address: "192.168.210.45/24" }],
      routes: [{ dst: "0.0.0.0/0" }],
      dns: {},
    });
    const other = inFolder(shared, { memifSocket: "/run/other.sock" }).found[0]?.handover.interface.socket;
    expect(other).toBe("/run/other.sock");
  });

  test("of later releases: the engine by the type, the path with its slash", () => {
    using shared = new SharedFolder();
    shared.write("configData-79b661b189b2-net1.json", oldConfiguration);
    expect(inFolder(shared).found[0]?.handover).toMatchObject({
      engine: "ovs-dpdk",
      netType: "none",
      interface: { type: "vhost-user", mode: "server", socket: `${shared.path}/79b661b189b2-net1` },
      addresses: [],
    });
  });

  test("a new form goes before an old one of the same interface", () => {
    using shared = new SharedFolder();
    shared.write("configData-79b661b189b2-net1.json", oldConfiguration);
    shared.write("attachment-net1.json", vhost(shared.path, { network: "new" }));
    expect(inFolder(shared).found.map(({ handover }) => handover.network)).toEqual(["new"]);
  });

  test("the socket of a host's path is looked for beside the file", () => {
    using shared = new SharedFolder();
    const host = "/var/lib/cni/vhostuser/none/79b661b189b2-net1";
    shared.write(
      "attachment-net1.json",
      vhost(shared.path, { interface: { type: "vhost-user", mode: "client", socket: host } }),
    );
    expect(inFolder(shared).found[0]?.handover.interface.socket).toBe(`${shared.path}/79b661b189b2-net1`);
  });

  test("of other containers can be left out", () => {
    using shared = new SharedFolder();
    shared.write("attachment-net0.json", memif(shared.path));
    expect(inFolder(shared, { containerId: "other" }).found).toEqual([]);
    expect(inFolder(shared, { containerId }).found).toHaveLength(1);
  });

  test.each<[string, string, unknown]>([
    ["half a document", "attachment-net0.json", '{"version":1,'],
    ["another version", "attachment-net0.json", { ...memif(""), version: 2 }],
    ["an interface name with a slash", "attachment-net0.json", memif("", { ifName: "../../x" })],
    ["an interface name of two dots", "attachment-net0.json", memif("", { ifName: ".." })],
    [
      "an unknown type",
      "configData-79b661b189b2-net1.json",
      { ...oldConfiguration, config: { iftype: "veth" } },
    ],
    [
      "an unknown role",
      "configData-79b661b189b2-net1.json",
      { ...oldConfiguration, config: { iftype: "memif", memif: { role: "boss" } } },
    ],
    ["a list", "attachment-net0.json", [1]],
    ["too much", "attachment-net0.json", " ".repeat(1_100_000)],
  ])("%s is told, and does not hide the others", (_what, file, document) => {
    using shared = new SharedFolder();
    shared.write("attachment-net7.json", memif(shared.path, { ifName: "net7" }));
    shared.write(file, document);
    const { found, faults } = inFolder(shared);
    expect(found.map(({ handover }) => handover.ifName)).toEqual(["net7"]);
    expect(faults).toMatchObject([
      { source: join(shared.path, file), message: expect.stringContaining(file) },
    ]);
  });

  test("a pipe, a link or a directory in the place of a file is not read", () => {
    using shared = new SharedFolder();
    execFileSync("mkfifo", [join(shared.path, "attachment-a.json")]);
    symlinkSync("/etc/passwd", join(shared.path, "attachment-b.json"));
    mkdirSync(join(shared.path, "attachment-c.json"));
    const { faults } = inFolder(shared);
    const told = { message: expect.stringContaining("expected a file") };
    expect(faults).toMatchObject([told, told, told]);
  });
});

describe("annotations", () => {
  const quoted = (value: unknown): string => JSON.stringify(JSON.stringify(value));

  test("of the new form", () => {
    using shared = new SharedFolder();
    const file = shared.write(
      "annotations",
      `userspace/attachments=${quoted([memif(shared.path), vhost(shared.path)])}\nuserspace/mapped-dir=${JSON.stringify(shared.path)}\n`,
    );
    const { found, faults } = findHandovers({ folders: [], annotations: file });
    expect(found.map(({ handover }) => handover)).toEqual([memif(shared.path), vhost(shared.path)]);
    expect(found[0]).toMatchObject({ source: `${file}: userspace/attachments[0]`, folder: shared.path });
    expect(faults).toEqual([]);
  });

  test.each([
    ["userspace/configuration-data", "userspace/mapped-dir"],
    ["userspace-cni/configuration-data", "userspace-cni/mapped-dir"],
    ["userspace/configurationData", "userspace/mappedDir"],
  ])("of the old form, as %s", (data, mapped) => {
    using shared = new SharedFolder();
    const file = shared.write(
      "annotations",
      `${data}=${quoted([oldConfiguration])}\n${mapped}=${JSON.stringify(`${shared.path}/`)}`,
    );
    const [found] = findHandovers({ folders: [], annotations: file }).found;
    expect(found?.handover.interface.socket).toBe(`${shared.path}/79b661b189b2-net1`);
  });

  test.each([
    ["no list", 'userspace/attachments="{}"', "expected a list"],
    ["no JSON", 'userspace/attachments="["', "expected JSON"],
    ["no annotation", "userspace/attachments=[]", "line 1 is no annotation"],
  ])("%s is told", (_what, content, words) => {
    using shared = new SharedFolder();
    const { faults } = findHandovers({ folders: [], annotations: shared.write("annotations", content) });
    expect(faults).toMatchObject([{ message: expect.stringContaining(words) }]);
  });
});

test("places that are not there are nothing yet", () => {
  expect(findHandovers({ folders: [nowhere], annotations: nowhere })).toEqual({ found: [], faults: [] });
});
