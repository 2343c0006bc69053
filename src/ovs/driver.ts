import { setTimeout as sleep } from "node:timers/promises";
import {
  changeForm,
  checkOptions,
  readAddresses,
  readBridgeName,
  readKeys,
  readRef,
  readSpec,
} from "../core/arguments.js";
import { Deadline, longestTimer, type CallOptions } from "../core/call.js";
import { UnsupportedError, type VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import {
  attachmentSchema,
  bridgeSpecSchema,
  byInterfaceType,
  byVlanMode,
  type Attachment,
  type BridgeSpec,
  type InterfaceSpec,
} from "../core/specs.js";
import { validate } from "../core/validate.js";
import {
  defaultTimeoutMs,
  type BridgeInfo,
  type Capabilities,
  type ChangeOptions,
  type Collected,
  type CreatedInterface,
  type Deleted,
  type DeleteOptions,
  type EnsuredBridge,
  type InterfaceInfo,
  type InterfaceRef,
  type ListOptions,
  type LookOptions,
  type MovedInterface,
  type VSwitch,
  type Watch,
} from "../core/vswitch.js";
import { ensure, removeBridge } from "./bridges.js";
import type { Context, Seen } from "./context.js";
import { create } from "./create.js";
import { collect } from "./garbage.js";
import { bridgeInfo, interfaceInfo } from "./info.js";
import { lookUp, readTopology } from "./lookup.js";
import { isHolding, markOf } from "./marks.js";
import { move } from "./move.js";
import { bridgesOwn, noInterface } from "./refusals.js";
import { remove } from "./remove.js";
import { isTelling, patiently, pauseMs } from "./reopen.js";
import { closedError, Session, type SessionOptions } from "./session.js";
import { typeSupport } from "./support.js";
import { watch } from "./watch.js";

/** What the driver is opened with. */
export interface OvsOptions extends SessionOptions {
  readonly owner: string;
  /** `datapath_type` of the bridges that are made (ovs-vswitchd.conf.db(5)). */
  readonly datapathType: string;
}

const noAddresses =
  "Open vSwitch assigns no IP addresses: give the address to the internal interface with ip-address(8), in its network namespace";

/** The time that an undo has, beyond the deadline of the verb that it undoes. */
const undoMs = 2000;

/** Ends when the signal of a verb does. */
const fired = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });

/** The Open vSwitch driver: the core API, said in OVSDB transactions. */
export class OvsVSwitch implements VSwitch {
  readonly engine = "ovs";
  readonly owner: string;
  readonly #options: OvsOptions;
  #session: Session;
  #seen: Seen = { bridges: new Map(), ports: new Map() };
  /** Set while a connection that broke is replaced: verbs that run at once share the new one. */
  #reopening: Promise<Result<Session, VSwitchError>> | undefined;
  /** Fires with `close()`. */
  readonly #closing = new AbortController();

  private constructor(options: OvsOptions, session: Session) {
    this.owner = options.owner;
    this.#options = options;
    this.#session = session;
  }

  /** Connects. The deadline is the caller's. */
  static async open(options: OvsOptions, deadline: Deadline): Promise<Result<OvsVSwitch, VSwitchError>> {
    const session = await Session.open(options, deadline);
    return session.map((opened) => new OvsVSwitch(options, opened));
  }

  createInterface(
    spec: InterfaceSpec,
    options?: ChangeOptions,
  ): Promise<Result<CreatedInterface, VSwitchError>> {
    return this.#change("createInterface", options, (operation) =>
      readSpec(operation, spec).map((wanted) => (context) => this.#createSurely(context, wanted)),
    );
  }

  attachToBridge(
    ref: InterfaceRef,
    attachment: Attachment,
    options?: ChangeOptions,
  ): Promise<Result<MovedInterface, VSwitchError>> {
    return this.#change("attachToBridge", options, (operation) =>
      readRef(operation, ref).andThen((name) => {
        const valid = validate(operation, "attachment", attachmentSchema, attachment);
        return valid.map((wanted) => (context: Context) => move(context, name, wanted));
      }),
    );
  }

  detachFromBridge(
    ref: InterfaceRef,
    options?: ChangeOptions,
  ): Promise<Result<MovedInterface, VSwitchError>> {
    return this.#change("detachFromBridge", options, (operation) =>
      readRef(operation, ref).map((name) => (context) => move(context, name, undefined)),
    );
  }

  deleteInterface(ref: InterfaceRef, options?: DeleteOptions): Promise<Result<Deleted, VSwitchError>> {
    return this.#change("deleteInterface", options, (operation) =>
      readRef(operation, ref).map((name) => (context) => remove(context, name)),
    );
  }

  getInterface(ref: InterfaceRef, options?: LookOptions): Promise<Result<InterfaceInfo, VSwitchError>> {
    return this.#call("getInterface", "look", options, async (session, deadline) => {
      const { operation } = deadline;
      const name = readRef(operation, ref);
      if (name.isErr()) return name;
      const looked = await lookUp(session, deadline, name.value, undefined);
      if (looked.isErr()) return looked;
      const found = looked.value.interface;
      if (found === undefined) return Err(noInterface(operation, name.value));
      if (found.bridgeRow?.name === name.value) return Err(bridgesOwn(operation, name.value));
      return Ok(interfaceInfo(found, session.facts.vhostSocketDirectory));
    });
  }

  listInterfaces(options?: ListOptions): Promise<Result<readonly InterfaceInfo[], VSwitchError>> {
    return this.#call("listInterfaces", "list", options, async (session, deadline) => {
      const topology = await readTopology(session, deadline);
      if (topology.isErr()) return topology;
      const directory = session.facts.vhostSocketDirectory;
      const { ownOnly = false, bridge } = options ?? {};
      const wanted = topology.value.interfaces.filter(
        (found) =>
          (!ownOnly || markOf(found.interface.external_ids)?.owner === this.owner) &&
          (bridge === undefined || found.bridge?.name === bridge),
      );
      return Ok(wanted.map((found) => interfaceInfo(found, directory)));
    });
  }

  setAddresses(
    ref: InterfaceRef,
    addresses: readonly string[],
    options?: ChangeOptions,
  ): Promise<Result<InterfaceInfo, VSwitchError>> {
    return this.#change("setAddresses", options, (operation) =>
      readRef(operation, ref)
        .andThen(() => readAddresses(operation, addresses))
        .andThen(() => {
          const message = `${operation}: ${noAddresses}`;
          return Err(new UnsupportedError({ operation, feature: "setAddresses", message }));
        }),
    );
  }

  listBridges(options?: CallOptions): Promise<Result<readonly BridgeInfo[], VSwitchError>> {
    return this.#call("listBridges", "call", options, async (session, deadline) => {
      const topology = await readTopology(session, deadline);
      return topology.map(({ bridges }) =>
        bridges
          .filter(({ row }) => !isHolding(row.external_ids))
          .map(({ row, interfaces }) =>
            bridgeInfo(
              row,
              interfaces.map((each) => each.interface.name),
              null,
            ),
          ),
      );
    });
  }

  ensureBridge(spec: BridgeSpec, options?: ChangeOptions): Promise<Result<EnsuredBridge, VSwitchError>> {
    return this.#change("ensureBridge", options, (operation) => {
      const valid = validate(operation, "spec", bridgeSpecSchema, spec);
      return valid.map((wanted) => (context) => ensure(context, wanted));
    });
  }

  deleteBridge(name: string, options?: ChangeOptions): Promise<Result<Deleted, VSwitchError>> {
    return this.#change("deleteBridge", options, (operation) =>
      readBridgeName(operation, name).map((wanted) => (context) => removeBridge(context, wanted)),
    );
  }

  capabilities(options?: CallOptions): Promise<Result<Capabilities, VSwitchError>> {
    return this.#call("capabilities", "call", options, (session) => {
      const { facts, root } = session;
      return Promise.resolve(
        Ok({
          engine: this.engine,
          version: root?.ovs_version ?? "",
          interfaceTypes: byInterfaceType((type) => typeSupport(facts, type)),
          vlanModes: byVlanMode(() => ({ supported: true, experimental: false, why: "" })),
          addresses: { supported: false, experimental: false, why: noAddresses },
          native: {
            schema_version: session.client.schema.version,
            ...(typeof root?.dpdk_version === "string" && { dpdk_version: root.dpdk_version }),
            dpdk_initialized: String(facts.dpdkInitialized),
            datapath_types: [...facts.datapathTypes].join(", "),
            iface_types: [...facts.interfaceTypes].join(", "),
            ...(facts.vhostSocketDirectory !== null && { vhost_sock_dir: facts.vhostSocketDirectory }),
          },
        }),
      );
    });
  }

  watch(options?: CallOptions): Promise<Result<Watch, VSwitchError>> {
    return this.#call("watch", "call", options, (session, deadline) =>
      watch(session, deadline, options?.signal),
    );
  }

  collectGarbage(valid: Iterable<string>, options?: ChangeOptions): Promise<Result<Collected, VSwitchError>> {
    return this.#change("collectGarbage", options, (operation) =>
      readKeys(operation, valid).map((keys) => (context) => collect(context, keys)),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The connection to use: a new one when the last broke, such as by a restart of ovsdb-server. */
  async #connected(deadline: Deadline): Promise<Result<Session, VSwitchError>> {
    for (;;) {
      if (this.#closing.signal.aborted) return Err(closedError(deadline.operation));
      if (this.#session.closed === undefined) return Ok(this.#session);
      if (deadline.signal.aborted)
        return Err(deadline.failure(`connecting to ${this.#options.remote} again`, "not-sent"));
      const own = this.#reopening === undefined;
      this.#reopening ??= this.#reopen(deadline);
      // Another verb's attempt ends with that verb's deadline or signal, which are not ours.
      const reopened = await Promise.race([this.#reopening, fired(deadline.signal)]);
      if (own && reopened !== undefined) return reopened;
    }
  }

  async #reopen(deadline: Deadline): Promise<Result<Session, VSwitchError>> {
    const { operation } = deadline;
    const signal = AbortSignal.any([deadline.signal, this.#closing.signal]);
    // The time is the verb's, by its signal.
    const started = Deadline.start(operation, { signal }, longestTimer);
    if (started.isErr()) {
      this.#reopening = undefined;
      return started;
    }
    using attempt = started.value;
    const opened = await Session.open(this.#options, attempt);
    this.#reopening = undefined;
    if (this.#closing.signal.aborted) {
      if (opened.isOk()) await opened.value.close();
      return Err(closedError(operation));
    }
    if (opened.isErr()) return opened;
    this.#session = opened.value;
    this.#seen = { bridges: new Map(), ports: new Map() };
    return opened;
  }

  async #call<T>(
    operation: string,
    form: "call" | "change" | "look" | "list",
    options: CallOptions | undefined,
    body: (session: Session, deadline: Deadline) => Promise<Result<T, VSwitchError>>,
  ): Promise<Result<T, VSwitchError>> {
    const checked = checkOptions(operation, form, options);
    if (checked.isErr()) return checked;
    return await this.#run(operation, options, body);
  }

  async #run<T>(
    operation: string,
    options: CallOptions | undefined,
    body: (session: Session, deadline: Deadline) => Promise<Result<T, VSwitchError>>,
  ): Promise<Result<T, VSwitchError>> {
    const started = Deadline.start(operation, options, defaultTimeoutMs);
    if (started.isErr()) return started;
    const deadline = started.value;
    // Not `using`: compiled for Node 20 it costs more than all else here.
    try {
      let session = this.#session;
      if (session.closed !== undefined || this.#closing.signal.aborted) {
        const connected = await this.#connected(deadline);
        if (connected.isErr()) return connected;
        session = connected.value;
      }
      return await body(session, deadline);
    } finally {
      deadline[Symbol.dispose]();
    }
  }

  /** A verb that changes the switch: `prepare` checks the arguments, before a connection is even looked at. */
  async #change<T>(
    operation: string,
    options: ChangeOptions | undefined,
    prepare: (
      operation: string,
    ) => Result<(context: Context) => Promise<Result<T, VSwitchError>>, VSwitchError>,
  ): Promise<Result<T, VSwitchError>> {
    const checked = checkOptions(operation, changeForm(operation), options);
    if (checked.isErr()) return checked;
    const prepared = prepare(operation);
    if (prepared.isErr()) return prepared;
    return await this.#run(operation, options, (session, deadline) =>
      prepared.value(this.#context(session, deadline, options)),
    );
  }

  #context(session: Session, deadline: Deadline, options: ChangeOptions | undefined): Context {
    const { operation } = deadline;
    return {
      operation,
      owner: this.owner,
      datapathType: this.#options.datapathType,
      session,
      deadline,
      wait: options?.wait ?? true,
      rollback: options?.rollback ?? true,
      seen: this.#seen,
      undo: (body) => this.#undo(operation, session, body),
    };
  }

  /**
   * A connection that breaks before the answer to the commit leaves open whether the interface is there. To make the
   * same one again finds out: it is told as it is, or made. Once; as long as that does not tell either, nothing is known.
   */
  async #createSurely(
    context: Context,
    spec: InterfaceSpec,
  ): Promise<Result<CreatedInterface, VSwitchError>> {
    const first = await create(context, spec);
    if (first.isOk() || first.error.kind !== "disconnected" || first.error.outcome !== "unknown")
      return first;
    const { deadline } = context;
    const isOver = (): boolean => deadline.hasPassed || this.#closing.signal.aborted;
    const session = await patiently(isOver, () => this.#connected(deadline));
    if (session.isErr()) return first;
    const { wait, rollback } = context;
    const second = await create(this.#context(session.value, deadline, { wait, rollback }), spec);
    return second.isErr() && !isTelling(second.error) ? first : second;
  }

  async #undo(
    operation: string,
    session: Session,
    body: (context: Context) => Promise<Result<unknown, VSwitchError>>,
  ): Promise<readonly string[]> {
    const started = Deadline.start(operation, undefined, undoMs);
    if (started.isErr()) return [started.error.message];
    using deadline = started.value;
    for (let usable = session; ;) {
      if (usable.closed !== undefined) {
        const opened = await patiently(
          () => deadline.hasPassed,
          () => Session.open(this.#options, deadline),
        );
        if (opened.isErr()) return [`it could not be undone: ${opened.error.message}`];
        usable = opened.value;
      }
      const undone = await body(this.#context(usable, deadline, { wait: false, rollback: false }));
      const isBroken = usable.closed !== undefined;
      if (usable !== session) await usable.close();
      if (undone.isOk()) return [];
      // It may have been done, and is asked for again: that finds out.
      if (!isBroken || deadline.hasPassed) return [`it could not be undone: ${undone.error.message}`];
      await sleep(pauseMs);
    }
  }
}
