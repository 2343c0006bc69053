/**
 * Every version of the specification, every command, with and without IPAM plugins old and new, on every switch, called
 * as container runtimes do. By default with some of the versions; with CNI_MATRIX=all with every one.
 */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { supportedVersions } from "../../src/cni/versions.js";
import { CniLab, containerId, nothing } from "./support/lab.js";
import {
  buildCaller,
  buildHostLocal,
  callLibcni,
  hasGo,
  Namespace,
  unlessGo,
  type LibcniAnswer,
  type LibcniCall,
} from "./support/libcni.js";
import { Plugin } from "./support/plugin.js";
import { targets, type Target } from "./support/targets.js";

type Json = Record<string, unknown>;

let plugin: Plugin;
let caller = "";
let netns: Namespace | undefined;
/** Why nothing can be run here; undefined: it can. */
let missing: string | undefined;
let missingHostLocal: string | undefined;

beforeAll(async () => {
  if (!hasGo) return;
  plugin = new Plugin();
  mkdirSync(join(plugin.folder, "bin"));
  symlinkSync(plugin.file, join(plugin.folder, "bin/userspace"));
  netns = await Namespace.make();
  if (netns === undefined) missing = "no network namespace can be made here";
  await buildCaller(plugin.folder).then(
    (program) => (caller = program),
    (error: unknown) => (missing = `libcni cannot be built: ${String(error)}`),
  );
  await buildHostLocal(join(plugin.folder, "newest")).catch((error: unknown) => {
    missingHostLocal = `the newest host-local cannot be built: ${String(error)}`;
  });
}, 300_000);
afterAll(() => {
  netns?.[Symbol.dispose]();
  plugin?.[Symbol.dispose]();
});

const debian = "/usr/lib/cni";
const subnet = { subnet: "10.56.217.0/24", routes: [{ dst: "0.0.0.0/0" }] };

interface Ipam {
  readonly title: string;
  readonly conf: Json | undefined;
  /** Its directory. */
  readonly path: () => string;
  readonly isNewest?: boolean;
}

const ipams: readonly Ipam[] = [
  { title: "no IPAM", conf: undefined, path: () => debian },
  {
    title: "static",
    conf: { type: "static", addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] },
    path: () => debian,
  },
  { title: "Debian's host-local", conf: { type: "host-local", ...subnet }, path: () => debian },
  {
    title: "the newest host-local",
    conf: { type: "host-local", ...subnet },
    path: () => join(plugin.folder, "newest"),
    isNewest: true,
  },
];

const versions =
  process.env["CNI_MATRIX"] === "all" ? supportedVersions : (["0.2.0", "0.4.0", "1.0.0", "1.1.0"] as const);

/** A runtime with its cache, one network, and a container. */
class Runtime implements Disposable {
  readonly lab = new CniLab();
  readonly #call: LibcniCall;

  constructor(version: string, host: Json, ipam: Ipam, more: Json = {}) {
    const { name, cniVersion, ...conf } = this.lab.conf({
      cniVersion: version,
      host,
      ...(ipam.conf !== undefined && { ipam: { ...ipam.conf, dataDir: this.lab.ipamDir } }),
      ...more,
    });
    this.#call = {
      path: [join(plugin.folder, "bin"), ipam.path()],
      cacheDir: join(this.lab.dir, "cache"),
      containerID: containerId,
      netns: netns?.path ?? "",
      ifName: "net1",
      list: { name, cniVersion, plugins: [conf] },
    };
  }

  run(command: string, more: Partial<LibcniCall> = {}): Promise<LibcniAnswer> {
    return callLibcni(caller, command, { ...this.#call, ...more });
  }

  [Symbol.dispose](): void {
    this.lab[Symbol.dispose]();
  }
}

function skipUnlessBuilt({ skip }: TestContext, ipam: Ipam): void {
  if (missing !== undefined) skip(missing);
  if (ipam.isNewest === true && missingHostLocal !== undefined) skip(missingHostLocal);
  if (ipam.isNewest !== true && ipam.conf !== undefined && !existsSync(debian)) skip(`no ${debian}`);
}

/** Runs every command, and gives what each answered, and what was there then. */
async function runAll(target: Target, runtime: Runtime): Promise<Json> {
  const valid = [{ containerID: containerId, ifname: "net1" }];
  const there = async (): Promise<Json> => ({ ...runtime.lab.left(), switch: await target.content() });
  try {
    return {
      version: await runtime.run("VERSION"),
      status: await runtime.run("STATUS"),
      added: await runtime.run("ADD"),
      checked: await runtime.run("CHECK"),
      collectedOthers: await runtime.run("GC", { valid }),
      interfaces: (await target.content()).interfaces.length,
      deleted: await runtime.run("DEL"),
      deletedAgain: await runtime.run("DEL"),
      left: await there(),
      addedAgain: await runtime.run("ADD"),
      // With no list of those that are valid, as a runtime has it that knows of no container.
      collected: await runtime.run("GC"),
      leftAgain: await there(),
    };
  } finally {
    // What is left would be in the way of the next.
    await runtime.run("DEL");
  }
}

function expectedOf(version: string, given: boolean): Json {
  const added = { result: expect.objectContaining(wanted(version, given)) };
  const unsupported = {
    error: { code: 0, message: expect.stringMatching(/does not support (?:the )?CHECK/u) },
  };
  const left = { ...nothing, switch: { interfaces: [], bridges: [], sockets: [] } };
  return {
    version: { result: supportedVersions },
    status: {},
    added,
    checked: version < "0.4.0" ? unsupported : {},
    collectedOthers: {},
    interfaces: 1,
    deleted: {},
    deletedAgain: {},
    left,
    addedAgain: added,
    collected: {},
    leftAgain: left,
  };
}

/** What a version's result has of the interface and its address. */
function wanted(version: string, given: boolean): Json {
  if (version < "0.3.0") return { cniVersion: version, ...(given && { ip4: expect.anything() }) };
  const family = version < "1.0.0" ? { version: "4" } : {};
  const ip = expect.objectContaining({ interface: 0, address: expect.stringMatching(/^10\./u), ...family });
  const one = expect.objectContaining({ name: "net1" });
  return { cniVersion: version, interfaces: [one], ...(given && { ips: [ip] }) };
}

for (const target of targets) {
  describe.skipIf(!target.available || !hasGo)(`libcni, ${target.title}${target.note}${unlessGo}`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.stop());

    describe.each(ipams)("$title", (ipam) => {
      for (const version of versions)
        test(`version ${version}`, async (context) => {
          skipUnlessBuilt(context, ipam);
          using runtime = new Runtime(version, target.host(), ipam);
          expect(await runAll(target, runtime)).toEqual(expectedOf(version, ipam.conf !== undefined));
        });
    });
  });
}
