/**
 * Every version of the specification, every command, with and without IPAM plugins old and new, on every switch, called
 * as container runtimes do by libcni, and as people do by cnitool. By default with some of the versions; with
 * CNI_MATRIX=all with every one.
 */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { supportedVersions, type CniVersion } from "../../src/cni/versions.js";
import { buildCnitool, callCnitool, unlessCnitool } from "./support/cnitool.js";
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
import { expectedOutline, outlineOf } from "./support/results.js";
import { targets, type Target } from "./support/targets.js";

type Json = Record<string, unknown>;

let plugin: Plugin;
let caller = "";
let netns: Namespace | undefined;
/** Why nothing can be run here; undefined: it can. */
let missing: string | undefined;
let cnitool = "";
let missingCnitool = unlessCnitool;
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
  await buildCnitool(plugin.folder).then(
    (program) => (cnitool = program),
    (error: unknown) => (missingCnitool = `cnitool cannot be built: ${String(error)}`),
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

/** Of those the ones that cnitool is tried with too. */
const byHand: readonly CniVersion[] = process.env["CNI_MATRIX"] === "all" ? versions : ["0.4.0", "1.1.0"];

/** A runtime with its cache, one network, and a container. */
class Runtime implements Disposable {
  readonly lab = new CniLab();
  readonly #call: LibcniCall;

  constructor(version: CniVersion, host: Json, ipam: Ipam) {
    const { name, cniVersion, ...conf } = this.lab.conf({
      cniVersion: version,
      host,
      ...(ipam.conf !== undefined && { ipam: { ...ipam.conf, dataDir: this.lab.ipamDir } }),
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

  byHand(command: string): Promise<LibcniAnswer> {
    return callCnitool(cnitool, command, this.#call);
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

/** What is there of attachments: in the lab's directories, and on the switch. */
const there = async (target: Target, { lab }: Runtime): Promise<Json> => ({
  ...lab.left(),
  switch: await target.content(),
});

const nowhere = { ...nothing, switch: { interfaces: [], bridges: [], sockets: [] } };

/** With an outline of its result. */
const outlined = ({ result, ...answer }: LibcniAnswer): Json =>
  typeof result === "object" && result !== null ? { ...answer, outline: outlineOf({ ...result }) } : answer;

/** Who runs the commands. cnitool knows no VERSION, and which attachments are valid neither. */
type Caller = "libcni" | "cnitool";

/** Runs every command, and gives what each answered, and what was there then. */
async function runAll(target: Target, runtime: Runtime, by: Caller): Promise<Json> {
  const valid = [{ containerID: containerId, ifname: "net1" }];
  const isLibcni = by === "libcni";
  const run = (command: string): Promise<LibcniAnswer> =>
    isLibcni ? runtime.run(command) : runtime.byHand(command);
  try {
    return {
      ...(isLibcni && { version: await run("VERSION") }),
      status: await run("STATUS"),
      added: outlined(await run("ADD")),
      checked: await run("CHECK"),
      ...(isLibcni && { collectedOthers: await runtime.run("GC", { valid }) }),
      interfaces: (await target.content()).interfaces.length,
      deleted: await run("DEL"),
      deletedAgain: await run("DEL"),
      left: await there(target, runtime),
      addedAgain: outlined(await run("ADD")),
      // With no list of those that are valid, as a runtime has it that knows of no container.
      collected: await run("GC"),
      leftAgain: await there(target, runtime),
    };
  } finally {
    // What is left would be in the way of the next.
    await run("DEL");
  }
}

/** What CHECK answers: the versions before 0.4.0 have none. */
const checkedIn = (version: CniVersion): Json =>
  version < "0.4.0"
    ? { error: { code: 0, message: expect.stringMatching(/does not support (?:the )?CHECK/u) } }
    : {};

function expectedOf(version: CniVersion, given: boolean): Json {
  const added = { outline: expectedOutline(version, given) };
  return {
    version: { result: supportedVersions },
    status: {},
    added,
    checked: checkedIn(version),
    collectedOthers: {},
    interfaces: 1,
    deleted: {},
    deletedAgain: {},
    left: nowhere,
    addedAgain: added,
    collected: {},
    leftAgain: nowhere,
  };
}

/**
 * cnitool deletes what it remembers, and then asks plugins of 1.1.0 without a list of what is valid: ours deletes nothing
 * when nobody says what is to stay.
 */
const refusedWithoutList = {
  error: { code: 0, message: expect.stringContaining("GC needs cni.dev/valid-attachments") },
};

function expectedByHand(version: CniVersion, given: boolean): Json {
  const { version: _none, collectedOthers: _others, ...expected } = expectedOf(version, given);
  return { ...expected, collected: version === "1.1.0" ? refusedWithoutList : {} };
}

for (const target of targets) {
  describe.skipIf(!target.available || !hasGo)(`${target.title}${target.note}${unlessGo}`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.stop());

    describe.each(ipams)("$title", (ipam) => {
      for (const version of versions) {
        test(`libcni, version ${version}`, async (context) => {
          skipUnlessBuilt(context, ipam);
          using runtime = new Runtime(version, target.host(), ipam);
          expect(await runAll(target, runtime, "libcni")).toEqual(
            expectedOf(version, ipam.conf !== undefined),
          );
        });
      }
      for (const version of byHand) {
        test(`cnitool, version ${version}`, async (context) => {
          if (missingCnitool !== undefined) context.skip(missingCnitool);
          skipUnlessBuilt(context, ipam);
          using runtime = new Runtime(version, target.host(), ipam);
          expect(await runAll(target, runtime, "cnitool")).toEqual(
            expectedByHand(version, ipam.conf !== undefined),
          );
        });
      }
    });
  });
}
