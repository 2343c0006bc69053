/**
 * The plugin's process ends at every step that changes something, as by `kill -9`, or the step fails: what comes next
 * leaves nothing on the switch, among the records and sockets, and of the addresses. By default some of the steps are
 * tried; with CNI_STEPS=all every one.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CniLab } from "./support/lab.js";
import { Plugin, stepsOf, type Ran } from "./support/plugin.js";
import type { StepFault } from "./support/step-fault.js";
import { targets, without, type Content, type Target } from "./support/targets.js";

const hostLocal = existsSync("/usr/lib/cni/host-local");
const all = process.env["CNI_STEPS"] === "all";
/** Steps that are tried of each command where not all are. */
const sample = 5;

let plugin: Plugin;
beforeAll(() => {
  plugin = new Plugin();
  plugin.buildFaults();
}, 120_000);
afterAll(() => plugin[Symbol.dispose]());

type Json = Record<string, unknown>;
type Name = "ADD" | "DEL" | "GC" | "CHECK";

/** A switch with one attachment's configuration, and the plugin to run on it. */
class Bench implements Disposable {
  readonly lab = new CniLab();
  readonly conf: Json;
  readonly #target: Target;
  readonly #before: Content;
  readonly #deviceInfo = join(this.lab.dir, "devinfo");
  /** What ADD gave. */
  #added: unknown;

  static async open(target: Target): Promise<Bench> {
    return new Bench(target, await target.content());
  }

  private constructor(target: Target, before: Content) {
    this.#target = target;
    this.#before = before;
    this.conf = this.lab.conf({
      host: target.host(),
      ipam: this.lab.ipam(),
      runtimeConfig: { CNIDeviceInfoFile: join(this.#deviceInfo, "lab-net-net1") },
      "cni.dev/valid-attachments": [],
    });
  }

  async run(command: Name, fault?: StepFault): Promise<Ran> {
    const conf = command === "CHECK" ? { ...this.conf, prevResult: this.#added } : this.conf;
    const ran = await plugin.run(this.lab, { command, conf, ...(fault && { fault }) });
    if (command === "ADD" && ran.code === 0) this.#added = JSON.parse(ran.stdout);
    return ran;
  }

  async good(command: Name): Promise<void> {
    const { code, stdout } = await this.run(command);
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${stdout}`);
  }

  /** Throws if anything is left that was not there before. */
  async checkNothingLeft(): Promise<void> {
    const { interfaces, bridges, sockets } = await this.#target.content();
    const before = this.#before;
    const left = {
      ...this.lab.left(),
      deviceInfo: this.lab.tree(this.#deviceInfo),
      interfaces: without(interfaces, before.interfaces),
      bridges: without(bridges, before.bridges),
      sockets: without(sockets, before.sockets),
    };
    const isAny = Object.values(left).some((each) => !Array.isArray(each) || each.length > 0);
    if (isAny) throw new Error(`left: ${JSON.stringify(left)}`);
  }

  fault(how: StepFault["how"], at: number): StepFault {
    const log = join(this.lab.dir, "steps");
    rmSync(log, { force: true });
    return { at, how, log };
  }

  [Symbol.dispose](): void {
    this.lab[Symbol.dispose]();
  }
}

/** The steps to try: all, or some of them, others each time. */
function chosen(steps: readonly string[]): readonly string[] {
  if (all) return steps;
  const stride = Math.max(1, Math.ceil(steps.length / sample));
  const from = Math.floor(Math.random() * stride);
  return steps.filter((_, nth) => nth % stride === from);
}

interface Trial {
  readonly target: Target;
  /** What was done before. */
  readonly before: readonly Name[];
  readonly faulty: Name;
  readonly how: StepFault["how"];
  /** What is done afterwards, and has to succeed. */
  readonly after: readonly Name[];
  /** What is so right after the fault. */
  readonly check?: (ran: Ran, bench: Bench) => Promise<void> | void;
}

/** Tries one step. */
async function tryStep(trial: Trial, at: number): Promise<void> {
  using bench = await Bench.open(trial.target);
  for (const command of trial.before) await bench.good(command);
  const fault = bench.fault(trial.how, at);
  const ran = await bench.run(trial.faulty, fault);
  const step = `${trial.how} at ${stepsOf(fault).at(at - 1) ?? `step ${at}, which did not come`}`;
  try {
    await trial.check?.(ran, bench);
    for (const command of trial.after) await bench.good(command);
    await bench.checkNothingLeft();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${step}: ${why}\n${ran.stdout}`, { cause: error });
  } finally {
    // What is left would be in the way of the next.
    await bench.run("GC");
  }
}

/** Tries every step, and gives all that went wrong. */
async function tryAll(trial: Trial): Promise<readonly string[]> {
  const steps = await countSteps(trial);
  const isAside = (step: string): boolean => /_writeGeneric|spawn/u.test(step);
  // On the file system nothing happens between the end of a step and the next one.
  const those = trial.how === "kill-after" ? steps.filter(isAside) : steps;
  const faults: string[] = [];
  for (const step of chosen(those)) {
    const at = Number.parseInt(step, 10);
    await tryStep(trial, at).catch((error: unknown) => faults.push(String(error)));
  }
  return faults;
}

/** The steps of a command that nothing happens to. */
async function countSteps({ target, before, faulty, how }: Trial): Promise<readonly string[]> {
  using bench = await Bench.open(target);
  for (const command of before) await bench.good(command);
  const fault = bench.fault(how, 0);
  const ran = await bench.run(faulty, { ...fault, how: "kill-before" });
  if (ran.code !== 0) throw new Error(`${faulty} without a fault: ${ran.stdout}`);
  await bench.good("GC");
  await bench.checkNothingLeft();
  return stepsOf(fault);
}

const kills: readonly (readonly [string, Omit<Trial, "target" | "how">])[] = [
  ["ADD, then DEL", { before: [], faulty: "ADD", after: ["DEL"] }],
  ["ADD, then the same ADD again", { before: [], faulty: "ADD", after: ["ADD", "DEL"] }],
  ["ADD, then GC", { before: [], faulty: "ADD", after: ["GC"] }],
  ["DEL, then DEL again", { before: ["ADD"], faulty: "DEL", after: ["DEL"] }],
  ["DEL, then GC", { before: ["ADD"], faulty: "DEL", after: ["GC"] }],
  ["GC, then GC again", { before: ["ADD"], faulty: "GC", after: ["GC"] }],
];

/** An ADD that fails says so in one document, and has taken everything back itself. */
async function undone({ code, stdout }: Ran, bench: Bench): Promise<void> {
  if (code === 0) return;
  const answer: Json = JSON.parse(stdout);
  if (answer["cniVersion"] !== "1.1.0" || answer["code"] !== 5) throw new Error("this is not the answer");
  await bench.checkNothingLeft();
}

/** It ended well, and says nothing. */
function done({ code, stdout }: Ran): void {
  if (code !== 0 || stdout !== "") throw new Error(`it ended with ${code}`);
}

/** Nothing was needed that a full disk has not. */
async function doneWithoutRoom(ran: Ran, bench: Bench): Promise<void> {
  done(ran);
  await bench.checkNothingLeft();
}

const failures: readonly (readonly [string, Omit<Trial, "target">])[] = [
  [
    "ADD on a disk that is full from some step on fails cleanly and leaves nothing",
    { how: "ENOSPC", before: [], faulty: "ADD", after: ["DEL"], check: undone },
  ],
  [
    "DEL on a disk that is full from some step on takes everything away",
    { how: "ENOSPC", before: ["ADD"], faulty: "DEL", after: [], check: doneWithoutRoom },
  ],
  [
    "GC on a disk that is full from some step on takes everything away",
    { how: "ENOSPC", before: ["ADD"], faulty: "GC", after: [], check: doneWithoutRoom },
  ],
  [
    "CHECK on a disk that is full from some step on sees that all is well",
    { how: "ENOSPC", before: ["ADD"], faulty: "CHECK", after: ["DEL"], check: done },
  ],
  [
    "ADD of which one step fails leaves nothing that DEL does not take",
    { how: "EIO", before: [], faulty: "ADD", after: ["DEL"] },
  ],
  [
    "DEL of which one step fails is done by the next",
    { how: "EIO", before: ["ADD"], faulty: "DEL", after: ["DEL"] },
  ],
  [
    "GC of which one step fails is done by the next",
    { how: "EIO", before: ["ADD"], faulty: "GC", after: ["GC"] },
  ],
  [
    "CHECK of which one step fails is in nobody's way",
    { how: "EIO", before: ["ADD"], faulty: "CHECK", after: ["CHECK", "DEL"] },
  ],
];

for (const target of targets) {
  const available = target.available && hostLocal;
  describe.skipIf(!available)(`${target.title}${target.note}`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.stop());
    const timeout = all ? 1_800_000 : 120_000;

    describe.each(kills)("killed in %s", (_what, trial) => {
      test.each(["kill-before", "kill-after"] as const)(
        "%s each step",
        async (how) => expect(await tryAll({ target, how, ...trial })).toEqual([]),
        timeout,
      );
    });

    test.each(failures)(
      "%s",
      async (_what, trial) => expect(await tryAll({ target, ...trial })).toEqual([]),
      timeout,
    );
  });
}
