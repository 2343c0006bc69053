/** The device information file, as device-info-spec 1.1.0 of the Network Plumbing Working Group has it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { CniLab, nothing } from "./support/lab.js";

const fileOf = (lab: CniLab): string => join(lab.dir, "devinfo/cni/lab-net-net1");

const confOf = (lab: CniLab, host: Record<string, unknown>): Record<string, unknown> =>
  lab.conf({ host, runtimeConfig: { CNIDeviceInfoFile: fileOf(lab) } });

const ends = {
  memif: { engine: "vpp", iftype: "memif", memif: { role: "master", mode: "ip" } },
  "vhost-user": { engine: "vpp", iftype: "vhostuser", vhost: { mode: "client" } },
};

test.each([
  ["memif", { role: "slave", mode: "ip" }],
  ["vhost-user", { mode: "server" }],
] as const)("%s: the container's end, and gone with DEL", async (type, members) => {
  using lab = new CniLab();
  const conf = confOf(lab, ends[type]);
  const added = await lab.run({ command: "ADD", conf });
  expect(added).toMatchObject({ exitCode: 0 });
  const socketPath: unknown = /"socketPath": "([^"]+)"/u.exec(added.stdout)?.[1];
  expect(JSON.parse(readFileSync(fileOf(lab), "utf8"))).toEqual({
    type,
    version: "1.1.0",
    [type]: { ...members, path: socketPath },
  });
  expect(readdirSync(dirname(fileOf(lab)))).toEqual(["lab-net-net1"]);
  expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
  expect(existsSync(fileOf(lab))).toBe(false);
  expect(lab.left()).toEqual(nothing);
});

test("the path is the container's where that is known", async () => {
  using lab = new CniLab();
  const paths = [{ host: lab.sharedDir, container: "/vhu" }];
  await lab.run({ command: "ADD", conf: { ...confOf(lab, ends.memif), paths } });
  expect(JSON.parse(readFileSync(fileOf(lab), "utf8"))).toMatchObject({
    memif: { path: expect.stringMatching(/^\/vhu\/0958c8871b32\//u) },
  });
});

test("a device plugin's file stays as it is, at ADD and at DEL", async () => {
  using lab = new CniLab();
  const conf = confOf(lab, ends.memif);
  mkdirSync(dirname(fileOf(lab)), { recursive: true });
  writeFileSync(fileOf(lab), "theirs");
  for (const command of ["ADD", "ADD", "DEL"])
    expect(await lab.run({ command, conf })).toMatchObject({ exitCode: 0 });
  expect(readFileSync(fileOf(lab), "utf8")).toBe("theirs");
});

test("an ADD that fails takes it away; the same ADD again makes it anew", async () => {
  using lab = new CniLab();
  const good = confOf(lab, ends.memif);
  const failing = await lab.run({
    command: "ADD",
    conf: { ...good, kubeconfig: join(lab.dir, "none") },
    env: { CNI_ARGS: "K8S_POD_NAMESPACE=default;K8S_POD_NAME=p" },
  });
  expect(failing).toMatchObject({ exitCode: 1, document: { code: 5 } });
  expect(existsSync(fileOf(lab))).toBe(false);
  await lab.run({ command: "ADD", conf: good });
  unlinkSync(fileOf(lab));
  expect(await lab.run({ command: "ADD", conf: good })).toMatchObject({ exitCode: 0 });
  expect(existsSync(fileOf(lab))).toBe(true);
});

test("what a run has left that was killed while it wrote goes with the next ADD, and with DEL", async () => {
  using lab = new CniLab();
  const conf = confOf(lab, ends.memif);
  const folder = dirname(fileOf(lab));
  const half = join(folder, ".lab-net-net1.tmp");
  await lab.run({ command: "ADD", conf });
  unlinkSync(fileOf(lab));
  writeFileSync(half, "{");
  expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
  expect(readdirSync(folder)).toEqual(["lab-net-net1"]);
  writeFileSync(half, "{");
  expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
  expect(readdirSync(folder)).toEqual([]);
});

test("a place that cannot be written is code 5, and all is undone", async () => {
  using lab = new CniLab();
  writeFileSync(join(lab.dir, "devinfo"), "");
  const failing = await lab.run({ command: "ADD", conf: confOf(lab, ends.memif) });
  expect(failing).toMatchObject({ exitCode: 1, document: { code: 5 } });
  expect(lab.left()).toEqual(nothing);
});

test.each(["relative/file", "/var/../etc/passwd"])("%s is refused before anything is done", async (file) => {
  using lab = new CniLab();
  const conf = lab.conf({ runtimeConfig: { CNIDeviceInfoFile: file } });
  expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 1, document: { code: 7 } });
  expect(lab.left()).toEqual(nothing);
});
