/** The hand-over by annotations of the pod, against an API server that refuses, conflicts, hangs and changes tokens. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadLibrary } from "../../src/cni/kubernetes/library.js";
import { annotate, unannotate } from "../../src/cni/kubernetes/annotate.js";
import type { Told } from "../../src/cni/kubernetes/annotations.js";
import { findHandovers } from "../../src/container/index.js";
import { ApiServerDouble, type StoredPod } from "./support/api-server.js";
import { CniLab, containerId, nothing, type Call, type Outcome } from "./support/lab.js";

let api: ApiServerDouble;
let lab: CniLab;
beforeAll(async () => {
  api = await ApiServerDouble.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  lab = new CniLab();
  api.pods.clear();
  api.asked.length = 0;
  api.intercept = undefined;
  api.tokens.clear();
  api.tokens.add("secret-1");
});
afterEach(() => lab[Symbol.dispose]());

const podEnv = (name: string, more = ""): Record<string, string> => ({
  CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_UID=uid-of-${name}${more}`,
});

const conf = (more: Record<string, unknown> = {}): Record<string, unknown> =>
  lab.conf({ kubeconfig: api.kubeconfig(), ipam: lab.ipam(), ...more });

const run = (command: string, given: Partial<Call> = {}): Promise<Outcome> =>
  lab.run({ command, conf: conf(), env: podEnv("p"), ...given });

const byName = (a: string, b: string): number => a.localeCompare(b);

interface Entry {
  readonly ifName?: unknown;
  readonly containerId?: unknown;
}
const isEntry = (value: unknown): value is Entry => typeof value === "object" && value !== null;

const listOf = (pod: StoredPod, key: string): readonly Entry[] => {
  const list: unknown = JSON.parse(pod.annotations?.[key] ?? "[]");
  return Array.isArray(list) ? list.filter(isEntry) : [];
};
const namesIn = (pod: StoredPod, key: string): readonly string[] =>
  listOf(pod, key).map(({ ifName }) => String(ifName));

/** As the downward API writes them into a container. */
const downward = (annotations: Record<string, string>): string =>
  Object.entries(annotations)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");

describe("annotations of a pod", () => {
  test("the interfaces of a pod share one list, which a container reads; the last DEL leaves no trace", async () => {
    const spec = {
      volumes: [
        { name: "root", hostPath: { path: "/" } },
        { name: "shared", hostPath: { path: lab.sharedDir } },
      ],
      containers: [
        { name: "helper", volumeMounts: [{ name: "root", mountPath: "/host", subPath: "etc" }] },
        { name: "main", volumeMounts: [{ name: "shared", mountPath: "/vhu" }] },
      ],
    };
    const pod = api.addPod("p", { annotations: { mine: "stays" }, spec });
    for (const ifName of ["net1", "net2"])
      expect(await run("ADD", { ifName })).toMatchObject({ exitCode: 0 });
    expect(namesIn(pod, "userspace/attachments")).toEqual(["net1", "net2"]);
    expect(namesIn(pod, "userspace/configuration-data")).toEqual(["net1", "net2"]);
    const short = containerId.slice(0, 12);
    expect(pod.annotations).toMatchObject({ mine: "stays", "userspace/mapped-dir": `/vhu/${short}` });

    const file = join(lab.dir, "annotations");
    const placesOf = (keys: readonly string[]) => {
      const chosen = Object.entries(pod.annotations ?? {}).filter(([key]) => keys.includes(key));
      writeFileSync(file, downward(Object.fromEntries(chosen)));
      return { folders: [], annotations: file };
    };
    const seen = (keys: readonly string[]) =>
      findHandovers(placesOf(keys)).found.map(({ handover }) => [
        handover.ifName,
        handover.interface.socket,
        handover.addresses[0]?.address,
      ]);
    const expected = [1, 2].map((nth) => [
      `net${nth}`,
      `/vhu/${short}/memif-${short}-net${nth}.sock`,
      `10.56.217.${nth + 1}/24`,
    ]);
    expect(seen(["userspace/attachments"])).toEqual(expected);
    expect(seen(["userspace/configuration-data", "userspace/mapped-dir"])).toEqual(expected);

    expect(await run("DEL", { ifName: "net1" })).toMatchObject({ exitCode: 0 });
    expect(namesIn(pod, "userspace/attachments")).toEqual(["net2"]);
    expect(namesIn(pod, "userspace/configuration-data")).toEqual(["net2"]);
    expect(await run("DEL", { ifName: "net2" })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(pod.annotations).toEqual({ mine: "stays" });
    expect(lab.left()).toEqual(nothing);
  });

  test("ADDs of one pod at once all get in", async () => {
    const pod = api.addPod("p");
    const names = ["net1", "net2", "net3", "net4"];
    const outcomes = await Promise.all(names.map((ifName) => run("ADD", { ifName })));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(namesIn(pod, "userspace/attachments").toSorted(byName)).toEqual(names);
    expect(namesIn(pod, "userspace/configuration-data").toSorted(byName)).toEqual(names);
  });

  test("what somebody else writes meanwhile stays", async () => {
    const pod = api.addPod("p");
    let once = true;
    api.intercept = ({ method }) => {
      if (method !== "PATCH" || !once) return undefined;
      once = false;
      pod.annotations = { other: "new" };
      pod.resourceVersion += 1;
      return undefined;
    };
    expect(await run("ADD")).toMatchObject({ exitCode: 0 });
    expect(pod.annotations).toMatchObject({ other: "new", "userspace/attachments": expect.any(String) });
    expect(api.asked.map(({ method }) => method)).toEqual(["GET", "PATCH", "GET", "PATCH"]);
  });

  test("a repeated ADD, and one of a new sandbox, replace the entry", async () => {
    const pod = api.addPod("p");
    const given = { conf: conf() };
    await run("ADD", given);
    await run("ADD", given);
    await run("ADD", { ...given, containerId: "f".repeat(64) });
    expect(listOf(pod, "userspace/attachments")).toMatchObject([{ containerId: "f".repeat(64) }]);
    // The old sandbox's DEL comes late.
    await run("DEL", given);
    expect(listOf(pod, "userspace/configuration-data")).toMatchObject([{ containerId: "f".repeat(64) }]);
  });

  test("GC takes away what is told of an attachment that is no longer valid", async () => {
    const pod = api.addPod("p");
    await run("ADD");
    const gc = await lab.run({ command: "GC", conf: { ...conf(), "cni.dev/valid-attachments": [] } });
    expect(gc).toMatchObject({ exitCode: 0, stderr: "" });
    expect(pod.annotations).toEqual({});
    expect(lab.left()).toEqual(nothing);
  });

  test.each(["userspace/mappedDir", "userspace-cni/mapped-dir"])(
    "a user's %s is respected, and told",
    async (key) => {
      const pod = api.addPod("p", { annotations: { [key]: "/elsewhere" } });
      const { exitCode, stderr } = await run("ADD");
      expect(exitCode).toBe(0);
      expect(stderr).toContain(`annotation ${key} with "/elsewhere"`);
      expect(pod.annotations).not.toHaveProperty("userspace/mapped-dir");
    },
  );

  test("a user's userspace/mapped-dir outlives the last DEL, for the pod's next sandbox", async () => {
    const pod = api.addPod("p", { annotations: { "userspace/mapped-dir": "/mine" } });
    for (const command of ["ADD", "DEL"]) expect(await run(command)).toMatchObject({ exitCode: 0 });
    expect(pod.annotations).toEqual({ "userspace/mapped-dir": "/mine" });
  });

  test("a new sandbox has a directory of its own, also when the old one's DEL could not ask the server", async () => {
    const pod = api.addPod("p");
    await run("ADD");
    api.intercept = () => 403;
    await run("DEL");
    api.intercept = undefined;
    const containerId = "f".repeat(64);
    for (const ifName of ["net1", "net2"])
      expect(await run("ADD", { containerId, ifName })).toMatchObject({ exitCode: 0, stderr: "" });
    expect(pod.annotations).toMatchObject({ "userspace/mapped-dir": join(lab.sharedDir, "f".repeat(12)) });
    for (const ifName of ["net1", "net2"]) await run("DEL", { containerId, ifName });
    expect(pod.annotations).toEqual({});
  });

  test("entries in an older spelling are taken over", async () => {
    const old = JSON.stringify([{ containerId: "x", ifName: "net9" }]);
    const pod = api.addPod("p", { annotations: { "userspace-cni/configuration-data": old } });
    await run("ADD");
    expect(namesIn(pod, "userspace/configuration-data")).toEqual(["net9", "net1"]);
  });

  test("a static pod is known by its mirror", async () => {
    const pod = api.addPod("p", {
      uid: "mirror",
      annotations: { "kubernetes.io/config.mirror": "uid-of-p" },
    });
    expect(await run("ADD")).toMatchObject({ exitCode: 0 });
    expect(namesIn(pod, "userspace/attachments")).toEqual(["net1"]);
  });

  test("without a pod's name the files are enough, and it is told", async () => {
    const { exitCode, stderr } = await run("ADD", { env: {} });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("no pod is annotated");
    expect(api.asked).toEqual([]);
  });

  test("podAnnotations: false leaves the pod alone", async () => {
    api.addPod("p");
    expect(await run("ADD", { conf: conf({ podAnnotations: false }) })).toMatchObject({ exitCode: 0 });
    expect(api.asked).toEqual([]);
  });
});

describe("what goes wrong leaves nothing behind", () => {
  const failing = async (given: Partial<Call> = {}): Promise<Record<string, unknown>> => {
    const outcome = await run("ADD", given);
    expect(outcome.exitCode).toBe(1);
    expect(lab.left()).toEqual(nothing);
    return outcome.document ?? {};
  };

  test("a pod that is changed again and again: bounded tries, then code 11", async () => {
    const pod = api.addPod("p");
    api.intercept = ({ method }) => {
      if (method === "PATCH") pod.resourceVersion += 1;
      return undefined;
    };
    const document = await failing({ conf: conf({ kubernetesTimeoutMs: 60_000 }) });
    expect(document).toMatchObject({ code: 11, msg: expect.stringContaining("409") });
    expect(api.asked.filter(({ method }) => method === "PATCH").length).toBeLessThanOrEqual(24);
    expect(pod.annotations).toBeUndefined();
  }, 30_000);

  test.each([
    [403, 100, "needs the verbs get and patch on pods"],
    [422, 100, "422 as told"],
    [401, 100, "needs the verbs get and patch on pods"],
  ])("status %d is code %d: %s", async (status, code, says) => {
    api.addPod("p");
    api.intercept = ({ method }) => (method === "PATCH" ? status : undefined);
    expect(await failing()).toMatchObject({ code, msg: expect.stringContaining(says) });
  });

  test.each([429, 500, 503])("status %d passes", async (status) => {
    api.addPod("p");
    let failures = 2;
    api.intercept = () => (failures-- > 0 ? status : undefined);
    expect(await run("ADD")).toMatchObject({ exitCode: 0 });
  });

  test("a pod that is not there", async () => {
    expect(await failing()).toMatchObject({
      code: 100,
      msg: expect.stringContaining("pod default/p is not there"),
    });
  });

  test("another pod of the same name is not told, and not changed by DEL", async () => {
    const pod = api.addPod("p", { uid: "another", annotations: { mine: "stays" } });
    expect(await failing()).toMatchObject({ code: 100, msg: expect.stringContaining("with uid uid-of-p") });
    expect(pod).toMatchObject({ resourceVersion: 1, annotations: { mine: "stays" } });
  });

  test("a server that does not answer", async () => {
    api.addPod("p");
    api.intercept = () => "hang";
    const document = await failing({ conf: conf({ kubernetesTimeoutMs: 300 }) });
    expect(document).toMatchObject({ code: 11, msg: expect.stringContaining("does not answer GET") });
  });

  test("a server of another authority", async () => {
    const another = await ApiServerDouble.start();
    try {
      const kubeconfig = api.kubeconfig({ authority: another.authority, name: "foreign" });
      expect(await failing({ conf: conf({ kubeconfig }) })).toMatchObject({
        code: 11,
        msg: expect.stringContaining("certificate"),
      });
      expect(api.asked).toEqual([]);
    } finally {
      await another[Symbol.asyncDispose]();
    }
  });

  test.each([
    ["no file", undefined, 5],
    ["no kubeconfig", "[", 7],
    ["no context", "{}", 7],
  ])("a kubeconfig that is %s", async (_what, text, code) => {
    const kubeconfig = join(lab.dir, "kubeconfig");
    if (text !== undefined) writeFileSync(kubeconfig, text);
    expect(await failing({ conf: conf({ kubeconfig }) })).toMatchObject({
      code,
      msg: expect.stringContaining(kubeconfig),
    });
  });

  test("an annotation that is no list is not written over", async () => {
    const pod = api.addPod("p", { annotations: { "userspace/configuration-data": "mine" } });
    expect(await failing()).toMatchObject({ code: 100, msg: expect.stringContaining("is no JSON list") });
    expect(pod.annotations).toEqual({ "userspace/configuration-data": "mine" });
  });

  test("a DEL does what it can without the API server", async () => {
    api.addPod("p");
    await run("ADD");
    api.intercept = () => 403;
    const { exitCode, stderr } = await run("DEL");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("the annotations of pod default/p stay");
    expect(lab.left()).toEqual(nothing);
  });

  test("a cancelled ADD is undone", async () => {
    const pod = api.addPod("p");
    const controller = new AbortController();
    api.intercept = ({ method }) => {
      if (method !== "PATCH") return undefined;
      api.intercept = undefined;
      controller.abort(new Error("interrupted"));
      return "hang";
    };
    expect(await failing({ signal: controller.signal })).toMatchObject({ code: 11 });
    expect(pod.annotations).toBeUndefined();
  });
});

describe("credentials", () => {
  test("go to the server of the kubeconfig alone, whatever path it has", async () => {
    api.addPod("p");
    const kubeconfig = api.kubeconfig();
    const text = readFileSync(kubeconfig, "utf8");
    writeFileSync(kubeconfig, text.replace(/(https:\/\/[^"\s]+)/u, "$1//127.0.0.2:1"));
    expect(await run("ADD", { conf: conf({ kubeconfig }) })).toMatchObject({ exitCode: 0 });
  });

  test("a token that was changed is read again", async () => {
    const pod = api.addPod("p");
    api.intercept = (_asked, { tokens }) => {
      if (tokens.has("secret-1")) {
        tokens.clear();
        tokens.add("secret-2");
        api.kubeconfig({ token: "secret-2" });
      }
      return undefined;
    };
    expect(await run("ADD")).toMatchObject({ exitCode: 0 });
    expect(api.asked.map(({ token }) => token)).toEqual(["secret-1", "secret-2", "secret-2"]);
    expect(namesIn(pod, "userspace/attachments")).toEqual(["net1"]);
  });

  test("a service account", async () => {
    const pod = api.addPod("p");
    const root = mkdtempSync(join(tmpdir(), "service-account-"));
    const account = join(root, "var/run/secrets/kubernetes.io/serviceaccount");
    mkdirSync(account, { recursive: true });
    writeFileSync(join(account, "token"), "secret-1");
    writeFileSync(join(account, "ca.crt"), readFileSync(api.authority));
    const saved = { ...process.env };
    process.env["KUBERNETES_SERVICE_HOST"] = "127.0.0.1";
    process.env["KUBERNETES_SERVICE_PORT"] = String(api.port);
    try {
      const access = {
        kubeconfig: undefined,
        serviceAccountRoot: root,
        signal: AbortSignal.timeout(10_000),
      };
      const name = { namespace: "default", name: "p", uid: "uid-of-p" };
      await annotate(access, name, told, () => undefined);
      expect(namesIn(pod, "userspace/attachments")).toEqual(["net1"]);
      await unannotate(access, name, { containerId, ifName: "net1" });
      expect(pod.annotations).toEqual({});
    } finally {
      process.env = saved;
      rmSync(root, { recursive: true, force: true });
    }
  });

  test("podAnnotations without a kubeconfig, and no service account", async () => {
    const { kubeconfig: _none, ...rest } = conf({ podAnnotations: true });
    const outcome = await run("ADD", { conf: rest });
    expect(outcome.document).toMatchObject({ code: 7, msg: expect.stringContaining("set kubeconfig") });
    expect(lab.left()).toEqual(nothing);
  });

  test("a host without the client library is told what to install", () => {
    expect(() => loadLibrary([lab.dir])).toThrow("npm install --global @kubernetes/client-node");
  });

  test("a library that this Node.js cannot load is told as one", () => {
    const directory = join(lab.dir, "node_modules/@kubernetes/client-node");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "package.json"), '{"main":"index.js"}');
    writeFileSync(join(directory, "index.js"), "undefined.bind()");
    expect(() => loadLibrary([lab.dir])).toThrow("cannot be loaded by Node.js");
  });
});

const told: Told = {
  socketDir: "/run/s",
  handover: {
    version: 1,
    network: "lab-net",
    containerId,
    ifName: "net1",
    engine: "vpp",
    interface: { type: "memif", socket: "/run/s/m.sock", role: "slave", mode: "ethernet", id: 0 },
    netType: "interface",
    addresses: [],
    routes: [],
  },
  old: {
    containerId,
    ifName: "net1",
    name: "lab-net",
    config: { memif: {}, vhost: {}, bridge: {} },
    ipResult: { cniVersion: "0.3.1", dns: {} },
  },
};
