import assert from "node:assert/strict";
import type { VSwitchError } from "../../src/core/errors.js";
import type { Result } from "../../src/core/result.js";
import type { InterfaceSpec } from "../../src/core/specs.js";
import type { BridgeInfo, VSwitch } from "../../src/core/vswitch.js";
import type { ConformanceTarget, Example } from "./target.js";

type Kind = VSwitchError["kind"];

const hasKind = <K extends Kind>(error: VSwitchError, kind: K): error is Extract<VSwitchError, { kind: K }> =>
  error.kind === kind;

/** The error of a call that had to fail in this way. */
export function failure<K extends Kind>(
  result: Result<unknown, VSwitchError>,
  kind: K,
): Extract<VSwitchError, { kind: K }> {
  if (result.isOk()) throw new Error(`expected ${kind}, got ${JSON.stringify(result.value)}`);
  const { error } = result;
  if (!hasKind(error, kind)) throw new Error(`expected ${kind}, got ${error.kind}: ${error.message}`);
  return error;
}

/** The owner whose connection `Bench.vswitch` is. */
export const owner = "conformance";

let named = 0;

/** What is on a switch, by name. */
interface Switch {
  readonly interfaces: readonly string[];
  readonly bridges: readonly string[];
}

/**
 * One target with what a test needs: fresh names, connections that are closed, an administrator whose things are taken
 * away. After each test the switch has to be as it was before, by what the core API itself offers.
 */
export class Bench {
  readonly target: ConformanceTarget;
  readonly #connections: VSwitch[] = [];
  readonly #owners = new Set<string>();
  readonly #foreign: { readonly bridges: string[]; readonly interfaces: string[] } = {
    bridges: [],
    interfaces: [],
  };
  #before: Switch = { interfaces: [], bridges: [] };
  #vswitch: VSwitch | undefined;
  #resume: (() => Promise<void>) | undefined;

  constructor(target: ConformanceTarget) {
    this.target = target;
  }

  /** The connection that most tests need only one of. */
  get vswitch(): VSwitch {
    if (this.#vswitch === undefined) throw new Error("there is a connection only while a test runs");
    return this.#vswitch;
  }

  /** The example that stands for all. */
  get example(): Example {
    const [first] = this.target.examples;
    if (first === undefined) throw new Error("a target needs at least one example");
    return first;
  }

  /** A spec of the type that does not matter, with what does. */
  spec(
    name: string,
    more: Partial<Pick<InterfaceSpec, "key" | "attach" | "externalIds">> = {},
  ): InterfaceSpec {
    return { ...this.example.spec(name), ...more };
  }

  /** A name that nothing has had; short enough for a kernel device. */
  name(kind: "if" | "br" = "if"): string {
    named += 1;
    return `${kind}${process.pid % 100_000}x${named}`;
  }

  async connect(as = owner): Promise<VSwitch> {
    const vswitch = await this.target.connect(as);
    this.#connections.push(vswitch);
    this.#owners.add(as);
    return vswitch;
  }

  async foreignBridge(): Promise<string> {
    const name = this.name("br");
    this.#foreign.bridges.push(name);
    await this.target.administrator.addBridge(name);
    return name;
  }

  async foreignInterface(bridge: string): Promise<string> {
    const wanted = this.name();
    this.#foreign.interfaces.push(wanted);
    const name = (await this.target.administrator.addInterface(bridge, wanted)) ?? wanted;
    this.#foreign.interfaces.push(name);
    return name;
  }

  /** Stops the switch until `resume`, at the latest until the test is over. */
  async pause(): Promise<void> {
    this.#resume = await this.target.pause?.();
  }

  async resume(): Promise<void> {
    const resume = this.#resume;
    this.#resume = undefined;
    await resume?.();
  }

  /** The names of these, without what was there before the test. */
  since(things: readonly { readonly name: string }[]): readonly string[] {
    const before = new Set([...this.#before.interfaces, ...this.#before.bridges]);
    return things.map(({ name }) => name).filter((name) => !before.has(name));
  }

  /** Names of the bridges that came since the test began, as the core API tells them. */
  async bridges(): Promise<readonly string[]> {
    return this.since((await this.vswitch.listBridges()).unwrap());
  }

  /** Names of the interfaces that came since the test began, as the core API tells them. */
  async interfaces(): Promise<readonly string[]> {
    return this.since((await this.vswitch.listInterfaces()).unwrap());
  }

  /** The bridge of this name, as the core API tells it. */
  async bridge(name: string): Promise<BridgeInfo | undefined> {
    return (await this.vswitch.listBridges()).unwrap().find((bridge) => bridge.name === name);
  }

  /** Names of the bridges that came since the test began, by the switch's own tool. */
  async realBridges(): Promise<readonly string[]> {
    return (await this.#everything()).bridges.filter((name) => !this.#before.bridges.includes(name));
  }

  /** Names of the interfaces that came since the test began, by the switch's own tool. */
  async realInterfaces(): Promise<readonly string[]> {
    return (await this.#everything()).interfaces.filter((name) => !this.#before.interfaces.includes(name));
  }

  async #everything(): Promise<Switch> {
    const { administrator } = this.target;
    const [interfaces, bridges] = await Promise.all([administrator.interfaces(), administrator.bridges()]);
    return { interfaces: interfaces.toSorted(), bridges: bridges.toSorted() };
  }

  async begin(): Promise<void> {
    this.#before = await this.#everything();
    this.#vswitch = await this.connect();
  }

  async end(): Promise<void> {
    await this.resume();
    for (const vswitch of this.#connections.splice(0)) await vswitch.close();
    const { administrator } = this.target;
    await this.#asEachOwner(async (vswitch) => {
      (await vswitch.collectGarbage([])).unwrap();
    });
    for (const name of this.#foreign.interfaces.splice(0)) await administrator.removeInterface(name);
    await this.#asEachOwner(deleteOwnBridges);
    for (const name of this.#foreign.bridges.splice(0)) await administrator.removeBridge(name);
    this.#owners.clear();
    const message = "a test leaves what was there, after collectGarbage and deleteBridge";
    assert.deepEqual(await this.#everything(), this.#before, message);
  }

  async #asEachOwner(act: (vswitch: VSwitch) => Promise<void>): Promise<void> {
    for (const as of this.#owners) {
      await using vswitch = await this.target.connect(as);
      await act(vswitch);
    }
  }
}

async function deleteOwnBridges(vswitch: VSwitch): Promise<void> {
  for (const { name, mark } of (await vswitch.listBridges()).unwrap())
    if (mark?.owner === vswitch.owner) (await vswitch.deleteBridge(name)).unwrap();
}
