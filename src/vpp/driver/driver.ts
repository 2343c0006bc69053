import { dirname } from "node:path";
import { readAddresses, readBridgeName, readKeys, readRef, readSpec } from "../../core/arguments.js";
import type { CallOptions, Deadline } from "../../core/call.js";
import type { VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import {
  attachmentSchema,
  bridgeSpecSchema,
  byInterfaceType,
  byVlanMode,
  type Attachment,
  type BridgeSpec,
  type InterfaceSpec,
} from "../../core/specs.js";
import { validate } from "../../core/validate.js";
import type {
  BridgeInfo,
  Capabilities,
  ChangeOptions,
  Collected,
  CreatedInterface,
  Deleted,
  DeleteOptions,
  EnsuredBridge,
  InterfaceInfo,
  InterfaceRef,
  ListOptions,
  LookOptions,
  MovedInterface,
  VSwitch,
  Watch,
} from "../../core/vswitch.js";
import { parseRemotes } from "../../net/remote.js";
import type { VppClient } from "../api/client.js";
import { connectVpp } from "../api/connect.js";
import { WantInterfaceEvents } from "../bindings/interface.js";
import { ShowVersion } from "../bindings/vpe.js";
import { addressesOf, setAddresses } from "./addresses.js";
import { ensure, removeBridge } from "./bridges.js";
import type { Context } from "./context.js";
import { create } from "./create.js";
import { inVerb, notReady } from "./errors.js";
import { collect } from "./garbage.js";
import { bridgeInfo, interfaceInfo } from "./info.js";
import { move } from "./move.js";
import { noInterface } from "./refusals.js";
import { remove } from "./remove.js";
import { Runner } from "./runner.js";
import { Statistics } from "./statistics.js";
import { typeSupport, vlanSupport } from "./support.js";
import type { Change } from "./verb.js";
import { watch, type Sighting } from "./watch.js";
import { bridgesOf, domainsOf, findBridge, findInterface, readWorld, type Found } from "./world.js";

/** What the driver is opened with. */
export interface VppOptions {
  readonly remote: string;
  readonly owner: string;
}

/** The time of a look for `watch`. */
const lookMs = 10_000;

/** The VPP driver: the core API, said in messages of VPP's binary API. */
export class VppVSwitch implements VSwitch {
  readonly engine = "vpp";
  readonly owner: string;
  readonly #client: VppClient;
  readonly #statistics: Statistics;
  readonly #verbs: Runner;

  private constructor(options: VppOptions, client: VppClient, socket: string) {
    this.owner = options.owner;
    this.#client = client;
    this.#statistics = new Statistics(socket);
    this.#verbs = new Runner(client, options.owner, dirname(socket));
  }

  /** Connects. The deadline is the caller's. */
  static async open(options: VppOptions, deadline: Deadline): Promise<Result<VppVSwitch, VSwitchError>> {
    const { remote, owner } = options;
    const remotes = parseRemotes(remote, deadline.operation, { runDirectory: "/run/vpp" });
    if (remotes.isErr()) return remotes;
    const [first] = remotes.value;
    const path = first?.kind === "unix" ? first.path : "/run/vpp/api.sock";
    const name = `vswitch-drivers ${owner}`;
    const connected = await connectVpp({ remote, name, ...deadline.step() });
    if (connected.isErr()) {
      const { error } = connected;
      const isLate = error.kind === "timeout" || error.kind === "aborted";
      return Err(isLate ? inVerb(deadline, error) : notReady(deadline, error));
    }
    return Ok(new VppVSwitch(options, connected.value, path));
  }

  createInterface(
    spec: InterfaceSpec,
    options?: ChangeOptions,
  ): Promise<Result<CreatedInterface, VSwitchError>> {
    return this.#verbs.change("createInterface", options, (operation) =>
      readSpec(operation, spec).map((wanted) => (change) => create(change, wanted)),
    );
  }

  attachToBridge(
    ref: InterfaceRef,
    attachment: Attachment,
    options?: ChangeOptions,
  ): Promise<Result<MovedInterface, VSwitchError>> {
    return this.#verbs.change("attachToBridge", options, (operation) =>
      readRef(operation, ref).andThen((name) => {
        const valid = validate(operation, "attachment", attachmentSchema, attachment);
        return valid.map((wanted) => (change: Change) => move(change, name, wanted));
      }),
    );
  }

  detachFromBridge(
    ref: InterfaceRef,
    options?: ChangeOptions,
  ): Promise<Result<MovedInterface, VSwitchError>> {
    return this.#verbs.change("detachFromBridge", options, (operation) =>
      readRef(operation, ref).map((name) => (change) => move(change, name, undefined)),
    );
  }

  deleteInterface(ref: InterfaceRef, options?: DeleteOptions): Promise<Result<Deleted, VSwitchError>> {
    return this.#verbs.change("deleteInterface", options, (operation) =>
      readRef(operation, ref).map((name) => (change) => remove(change, name, options?.sockets)),
    );
  }

  getInterface(ref: InterfaceRef, options?: LookOptions): Promise<Result<InterfaceInfo, VSwitchError>> {
    return this.#verbs.read("getInterface", "look", options, async (context) => {
      const name = readRef(context.operation, ref);
      if (name.isErr()) return name;
      const world = await readWorld(context);
      if (world.isErr()) return world;
      const found = findInterface(world.value, name.value);
      if (found === undefined) return Err(noInterface(context.operation, name.value));
      const addresses = await addressesOf(context, found.index);
      if (addresses.isErr()) return addresses;
      const info = interfaceInfo(found, addresses.value);
      if (options?.statistics === false) return Ok(info);
      const [counted = info] = await this.#statistics.addTo(context, [info]);
      return Ok(counted);
    });
  }

  listInterfaces(options?: ListOptions): Promise<Result<readonly InterfaceInfo[], VSwitchError>> {
    return this.#verbs.read("listInterfaces", "list", options, async (context) => {
      const world = await readWorld(context);
      if (world.isErr()) return world;
      const { ownOnly = false, bridge } = options ?? {};
      const on = bridge === undefined ? undefined : findBridge(world.value.domains, bridge);
      if (bridge !== undefined && on === undefined) return Ok([]);
      const ids = new Set([on?.own, ...(on?.vlans ?? [])].map((domain) => domain?.id));
      const wanted = world.value.interfaces.filter(
        (found) =>
          (!ownOnly || found.mark?.owner === this.owner) &&
          (on === undefined || domainsOf(found).some(({ id }) => ids.has(id))),
      );
      const sightings = await sightingsOf(context, wanted);
      if (sightings.isErr()) return sightings;
      const infos = sightings.value.map(({ info }) => info);
      return Ok(options?.statistics === false ? infos : await this.#statistics.addTo(context, infos));
    });
  }

  setAddresses(
    ref: InterfaceRef,
    addresses: readonly string[],
    options?: ChangeOptions,
  ): Promise<Result<InterfaceInfo, VSwitchError>> {
    return this.#verbs.change("setAddresses", options, (operation) =>
      readRef(operation, ref).andThen((name) =>
        readAddresses(operation, addresses).map(
          (wanted) => (change: Change) => setAddresses(change, name, wanted),
        ),
      ),
    );
  }

  listBridges(options?: CallOptions): Promise<Result<readonly BridgeInfo[], VSwitchError>> {
    return this.#verbs.read("listBridges", "call", options, async (context) => {
      const world = await readWorld(context);
      return world.map((all) => bridgesOf(all.domains).map((bridge) => bridgeInfo(bridge, all)));
    });
  }

  ensureBridge(spec: BridgeSpec, options?: ChangeOptions): Promise<Result<EnsuredBridge, VSwitchError>> {
    return this.#verbs.change("ensureBridge", options, (operation) => {
      const valid = validate(operation, "spec", bridgeSpecSchema, spec);
      return valid.map((wanted) => (change) => ensure(change, wanted));
    });
  }

  deleteBridge(name: string, options?: ChangeOptions): Promise<Result<Deleted, VSwitchError>> {
    return this.#verbs.change("deleteBridge", options, (operation) =>
      readBridgeName(operation, name).map((wanted) => (change) => removeBridge(change, wanted)),
    );
  }

  capabilities(options?: CallOptions): Promise<Result<Capabilities, VSwitchError>> {
    return this.#verbs.read("capabilities", "call", options, async (context) => {
      const said = await context.call(ShowVersion, {});
      return said.map(({ program, version, build_date: buildDate }) => ({
        engine: this.engine,
        version,
        interfaceTypes: byInterfaceType((type) =>
          typeSupport((message) => this.#client.capability(message), type),
        ),
        vlanModes: byVlanMode((mode) => vlanSupport((message) => this.#client.capability(message), mode)),
        addresses: { supported: true, experimental: false, why: "" },
        native: { program, build_date: buildDate, messages: String([...this.#client.messages()].length) },
      }));
    });
  }

  watch(options?: CallOptions): Promise<Result<Watch, VSwitchError>> {
    return this.#verbs.read("watch", "call", options, async (context) => {
      const { deadline, operation } = context;
      const events = await this.#client.events(WantInterfaceEvents, {}, deadline.step());
      if (events.isErr()) return Err(inVerb(deadline, events.error));
      const first = await lookAt(context);
      if (first.isErr()) {
        await events.value.return();
        return first;
      }
      const parts = {
        operation,
        events: events.value,
        signal: options?.signal,
        look: () => this.#verbs.read(operation, "call", { timeoutMs: lookMs }, lookAt),
        onOwnChange: (callback: () => void) => this.#verbs.onChange(callback),
      };
      return Ok(watch(parts, first.value));
    });
  }

  collectGarbage(valid: Iterable<string>, options?: ChangeOptions): Promise<Result<Collected, VSwitchError>> {
    return this.#verbs.change("collectGarbage", options, (operation) =>
      readKeys(operation, valid).map((keys) => (change) => collect(change, keys)),
    );
  }

  async close(): Promise<void> {
    this.#verbs.close();
    this.#statistics.close();
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function lookAt(context: Context): Promise<Result<readonly Sighting[], VSwitchError>> {
  const world = await readWorld(context);
  return world.isErr() ? world : sightingsOf(context, world.value.interfaces);
}

async function sightingsOf(
  context: Context,
  all: readonly Found[],
): Promise<Result<readonly Sighting[], VSwitchError>> {
  const addresses = await Promise.all(all.map(({ index }) => addressesOf(context, index)));
  const sightings: Sighting[] = [];
  for (const [at, found] of all.entries()) {
    const own = addresses[at];
    // Its addresses can be asked for no more: it went meanwhile.
    if (own?.isErr() === true && own.error.kind !== "rejected") return own;
    const info = interfaceInfo(found, own?.isOk() === true ? own.value : []);
    const isMaking = found.mark?.isMaking === true;
    sightings.push({ info, isMaking, isNameless: found.details.tag === "" });
  }
  return Ok(sightings);
}
