import assert from "node:assert/strict";
import type { VSwitchError } from "../../src/core/errors.js";
import type { Result } from "../../src/core/result.js";
import type { InterfaceSpec } from "../../src/core/specs.js";
import type { VSwitch } from "../../src/core/vswitch.js";
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
    const name = this.name();
    this.#foreign.interfaces.push(name);
    await this.target.administrator.addInterface(bridge, name);
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

  /** Names of bridges, as the core API tells them. */
  async bridges(): Promise<readonly string[]> {
    return (await this.vswitch.listBridges()).unwrap().map(({ name }) => name);
  }

  /** Names of interfaces, as the core API tells them. */
  async interfaces(): Promise<readonly string[]> {
    return (await this.vswitch.listInterfaces()).unwrap().map(({ name }) => name);
  }

  async begin(): Promise<void> {
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
    const left = [...(await administrator.interfaces()), ...(await administrator.bridges())];
    assert.deepEqual(left, [], "what a test made is gone after collectGarbage and deleteBridge");
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
