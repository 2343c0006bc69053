import { dirname } from "node:path";
import { checkOptions, readAddresses, readBridgeName, readKeys, readRef } from "../../core/arguments.js";
import { Deadline, type CallOptions } from "../../core/call.js";
import { DisconnectedError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import {
  attachmentSchema,
  bridgeSpecSchema,
  byInterfaceType,
  byVlanMode,
  interfaceSpecSchema,
  type Attachment,
  type BridgeSpec,
  type InterfaceSpec,
} from "../../core/specs.js";
import { validate } from "../../core/validate.js";
import {
  defaultTimeoutMs,
  type BridgeInfo,
  type Capabilities,
  type ChangeOptions,
  type Collected,
  type CreatedInterface,
  type Deleted,
  type EnsuredBridge,
  type InterfaceInfo,
  type InterfaceRef,
  type ListOptions,
  type MovedInterface,
  type VSwitch,
  type WatchEvent,
} from "../../core/vswitch.js";
import { parseRemotes } from "../../net/remote.js";
import type { VppClient } from "../api/client.js";
import { connectVpp } from "../api/connect.js";
import { WantInterfaceEvents } from "../bindings/interface.js";
import { ShowVersion } from "../bindings/vpe.js";
import { addressesOf, setAddresses } from "./addresses.js";
import { ensure, removeBridge } from "./bridges.js";
import { Context } from "./context.js";
import { create } from "./create.js";
import { inVerb } from "./errors.js";
import { collect } from "./garbage.js";
import { bridgeInfo, interfaceInfo } from "./info.js";
import { move } from "./move.js";
import { noInterface } from "./refusals.js";
import { remove } from "./remove.js";
import { Statistics } from "./statistics.js";
import type { Steps } from "./steps.js";
import { typeSupport, vlanSupport } from "./support.js";
import { Turns } from "./turns.js";
import type { Change } from "./verb.js";
import { watch, type Sighting } from "./watch.js";
import { bridgesOf, domainsOf, findBridge, findInterface, readWorld, type Found } from "./world.js";

/** What the driver is opened with. */
export interface VppOptions {
  readonly remote: string;
  readonly owner: string;
}

/** The time that an undo has, beyond the deadline of the verb that it undoes. */
const undoMs = 2000;

/** The time of a look for `watch`. */
const lookMs = 10_000;

/** What a verb came to on one connection. */
interface Attempted<T> {
  readonly result: Result<T, VSwitchError>;
  /** It has changed nothing. */
  readonly isRepeatable: boolean;
}

/** The VPP driver: the core API, said in messages of VPP's binary API. */
export class VppVSwitch implements VSwitch {
  readonly engine = "vpp";
  readonly owner: string;
  readonly #client: VppClient;
  readonly #socketDirectory: string;
  readonly #statistics: Statistics;
  readonly #turns = new Turns();
  readonly #onChange = new Set<() => void>();
  #brokenSockets = new Set<number>();
  #isClosed = false;

  private constructor(options: VppOptions, client: VppClient, socket: string) {
    this.owner = options.owner;
    this.#client = client;
    this.#socketDirectory = dirname(socket);
    this.#statistics = new Statistics(socket);
    // What another VPP could not bind is not this one's.
    client.on("ready", () => {
      this.#brokenSockets = new Set();
    });
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
    if (connected.isErr()) return Err(inVerb(deadline, connected.error));
    return Ok(new VppVSwitch(options, connected.value, path));
  }

  createInterface(
    spec: InterfaceSpec,
    options?: ChangeOptions,
  ): Promise<Result<CreatedInterface, VSwitchError>> {
    return this.#change("createInterface", options, (operation) => {
      const valid = validate(operation, "spec", interfaceSpecSchema, spec);
      return valid.map((wanted) => (change) => create(change, wanted));
    });
  }

  attachToBridge(
    ref: InterfaceRef,
    attachment: Attachment,
    options?: ChangeOptions,
  ): Promise<Result<MovedInterface, VSwitchError>> {
    return this.#change("attachToBridge", options, (operation) =>
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
    return this.#change("detachFromBridge", options, (operation) =>
      readRef(operation, ref).map((name) => (change) => move(change, name, undefined)),
    );
  }

  deleteInterface(ref: InterfaceRef, options?: ChangeOptions): Promise<Result<Deleted, VSwitchError>> {
    return this.#change("deleteInterface", options, (operation) =>
      readRef(operation, ref).map((name) => (change) => remove(change, name)),
    );
  }

  getInterface(ref: InterfaceRef, options?: CallOptions): Promise<Result<InterfaceInfo, VSwitchError>> {
    return this.#call("getInterface", "call", options, async (context) => {
      const name = readRef(context.operation, ref);
      if (name.isErr()) return name;
      const world = await readWorld(context);
      if (world.isErr()) return world;
      const found = findInterface(world.value, name.value);
      if (found === undefined) return Err(noInterface(context.operation, name.value));
      const addresses = await addressesOf(context, found.index);
      if (addresses.isErr()) return addresses;
      const info = interfaceInfo(found, addresses.value);
      const [counted = info] = await this.#statistics.addTo(context, [info]);
      return Ok(counted);
    });
  }

  listInterfaces(options?: ListOptions): Promise<Result<readonly InterfaceInfo[], VSwitchError>> {
    return this.#call("listInterfaces", "list", options, async (context) => {
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
      return Ok(
        await this.#statistics.addTo(
          context,
          sightings.value.map(({ info }) => info),
        ),
      );
    });
  }

  setAddresses(
    ref: InterfaceRef,
    addresses: readonly string[],
    options?: ChangeOptions,
  ): Promise<Result<InterfaceInfo, VSwitchError>> {
    return this.#change("setAddresses", options, (operation) =>
      readRef(operation, ref).andThen((name) =>
        readAddresses(operation, addresses).map(
          (wanted) => (change: Change) => setAddresses(change, name, wanted),
        ),
      ),
    );
  }

  listBridges(options?: CallOptions): Promise<Result<readonly BridgeInfo[], VSwitchError>> {
    return this.#call("listBridges", "call", options, async (context) => {
      const world = await readWorld(context);
      return world.map((all) => bridgesOf(all.domains).map((bridge) => bridgeInfo(bridge, all)));
    });
  }

  ensureBridge(spec: BridgeSpec, options?: ChangeOptions): Promise<Result<EnsuredBridge, VSwitchError>> {
    return this.#change("ensureBridge", options, (operation) => {
      const valid = validate(operation, "spec", bridgeSpecSchema, spec);
      return valid.map((wanted) => (change) => ensure(change, wanted));
    });
  }

  deleteBridge(name: string, options?: ChangeOptions): Promise<Result<Deleted, VSwitchError>> {
    return this.#change("deleteBridge", options, (operation) =>
      readBridgeName(operation, name).map((wanted) => (change) => removeBridge(change, wanted)),
    );
  }

  capabilities(options?: CallOptions): Promise<Result<Capabilities, VSwitchError>> {
    return this.#call("capabilities", "call", options, async (context) => {
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

  watch(options?: CallOptions): Promise<Result<AsyncIterableIterator<WatchEvent>, VSwitchError>> {
    return this.#call("watch", "call", options, async (context) => {
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
        look: () => this.#call(operation, "call", { timeoutMs: lookMs }, lookAt),
        onOwnChange: (callback: () => void) => {
          this.#onChange.add(callback);
          return () => void this.#onChange.delete(callback);
        },
      };
      return Ok(watch(parts, first.value));
    });
  }

  collectGarbage(valid: Iterable<string>, options?: ChangeOptions): Promise<Result<Collected, VSwitchError>> {
    return this.#change("collectGarbage", options, (operation) =>
      readKeys(operation, valid).map((keys) => (change) => collect(change, keys)),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#statistics.close();
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #context(deadline: Deadline): Promise<Result<Context, VSwitchError>> {
    const { operation } = deadline;
    if (this.#isClosed) return Err(closedError(operation));
    const ready = await this.#client.whenReady(deadline.step());
    if (this.#isClosed) return Err(closedError(operation));
    if (ready.isErr()) return Err(inVerb(deadline, ready.error));
    return Ok(
      new Context({
        client: this.#client,
        deadline,
        owner: this.owner,
        socketDirectory: this.#socketDirectory,
        generation: ready.value,
      }),
    );
  }

  async #call<T>(
    operation: string,
    form: "call" | "change" | "list",
    options: CallOptions | undefined,
    body: (context: Context) => Promise<Result<T, VSwitchError>>,
  ): Promise<Result<T, VSwitchError>> {
    const checked = checkOptions(operation, form, options);
    if (checked.isErr()) return checked;
    const started = Deadline.start(operation, options, defaultTimeoutMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    const attempt = async (): Promise<Attempted<T>> => {
      const context = await this.#context(deadline);
      if (context.isErr()) return { result: context, isRepeatable: false };
      const result = await body(context.value);
      return { result, isRepeatable: form !== "change" || !context.value.hasCalled };
    };
    // Awaited here: the deadline ends with this scope.
    const { result, isRepeatable } = await attempt();
    const isLost = result.isErr() && result.error.kind === "disconnected" && !this.#isClosed;
    // What was only looked at may be asked of whoever answers now: most often a VPP that has just started anew.
    return isLost && isRepeatable ? (await attempt()).result : result;
  }

  /** A verb that changes the switch: `prepare` checks the arguments, before a connection is even looked at. */
  async #change<T>(
    operation: string,
    options: ChangeOptions | undefined,
    prepare: (
      operation: string,
    ) => Result<(change: Change) => Promise<Result<T, VSwitchError>>, VSwitchError>,
  ): Promise<Result<T, VSwitchError>> {
    const checked = checkOptions(operation, "change", options);
    if (checked.isErr()) return checked;
    const prepared = prepare(operation);
    if (prepared.isErr()) return prepared;
    return this.#call(operation, "change", options, async (context) => {
      const { deadline } = context;
      const result = await this.#turns.take(deadline.signal, () =>
        prepared.value({
          context,
          rollback: options?.rollback ?? true,
          brokenSockets: this.#brokenSockets,
          undo: (steps) => this.#undo(operation, steps),
        }),
      );
      for (const callback of this.#onChange) callback();
      return result ?? Err(deadline.failure("waiting for other verbs of this connection", "not-sent"));
    });
  }

  async #undo(operation: string, steps: Steps): Promise<readonly string[]> {
    if (steps.isEmpty) return [];
    const cannot = (error: VSwitchError): readonly string[] =>
      steps.all.map((what) => `${what}: it could not be undone: ${error.message}`);
    const started = Deadline.start(operation, undefined, undoMs);
    if (started.isErr()) return cannot(started.error);
    using deadline = started.value;
    const context = await this.#context(deadline);
    return context.isErr() ? cannot(context.error) : await steps.undo(context.value);
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

function closedError(operation: string): DisconnectedError {
  const message = `${operation}: the connection was closed; connect again`;
  return new DisconnectedError({ operation, outcome: "not-sent", message });
}
