import type { InterfaceSpec, VhostUserSpec } from "../core/specs.js";
import type { Mark } from "../core/vswitch.js";
import type {
  Blanks,
  BlankValues,
  Integer,
  Operation,
  OvsdbClient,
  PreparedTransaction,
} from "../ovsdb/index.js";
import type { Db } from "./database.js";
import {
  appliedInterfaceOperations,
  appliedOperations,
  createOperations,
  deleteOperations,
  numberedOperations,
  type OwnPort,
} from "./plan.js";
import type { Uuid } from "./rows.js";

type Operations = readonly Operation<Db>[];

/** What a verb writes: operations, or operations that were prepared, with their values. */
export type Transaction = Operations | Filled;

/** A prepared transaction with a value for each blank. */
export class Filled<Prepared extends Operations = Operations> {
  readonly prepared: PreparedTransaction<Prepared>;
  readonly values: BlankValues;

  constructor(prepared: PreparedTransaction<Prepared>, values: BlankValues) {
    this.prepared = prepared;
    this.values = values;
  }
}

/** What a function gives that writes operations, or the same prepared. */
type Prepared<Build extends (...parts: never) => Operations> = ReturnType<Build> | Filled<ReturnType<Build>>;

/** More shapes than this are not worth keeping: whoever has them gains nothing by it. */
const mostShapes = 256;

interface Change {
  readonly root: Uuid;
  readonly wait: boolean;
}

/** A spec's texts that differ from port to port, and everything else of it as one text. */
interface Shape {
  readonly spec: VhostUserSpec;
  readonly text: string;
  readonly idKeys: readonly string[];
  readonly socket: string;
}

/** The shape of a spec that many ports have: a vhost-user client with nothing that only one port can have. */
function shapeOf(spec: InterfaceSpec): Shape | undefined {
  if (spec.type !== "vhost-user" || spec.socket === undefined) return undefined;
  if (spec.mac !== undefined || spec.ofportRequest !== undefined) return undefined;
  const { mode, mtu, ingressPolicing, attach, externalIds, socket } = spec;
  const idKeys = externalIds === undefined ? [] : Object.keys(externalIds);
  const { tag, trunks, vlanMode } = attach ?? {};
  const isPlain = (mtu ?? ingressPolicing ?? externalIds ?? tag ?? trunks ?? vlanMode) === undefined;
  const text = isPlain ? mode : JSON.stringify([mode, mtu, ingressPolicing, tag, trunks, vlanMode, idKeys]);
  return { spec, text, idKeys, socket };
}

/** The transactions of one connection that are the same for many ports, but for names and ids: written once. */
export class PreparedTransactions {
  readonly #client: OvsdbClient<Db>;
  /** By the bridge, and by the verb and the shape. */
  readonly #known = new Map<Uuid, Map<string, PreparedTransaction<Operations>>>();
  #knownShapes = 0;
  /** Whose and where those are. */
  #owner = "";
  #root: Uuid | undefined;
  #applied: PreparedTransaction<ReturnType<typeof appliedOperations>> | undefined;
  #appliedInterface: PreparedTransaction<ReturnType<typeof appliedInterfaceOperations>> | undefined;

  constructor(client: OvsdbClient<Db>) {
    this.#client = client;
  }

  /** `createOperations` on a bridge that is there; `undefined` for a spec that has to be written each time. */
  create(
    { root, wait }: Change,
    spec: InterfaceSpec,
    { owner, key }: Mark,
    bridge: { readonly id: Uuid; readonly name: string },
  ): Filled | undefined {
    const shape = shapeOf(spec);
    if (shape === undefined) return undefined;
    const { idKeys, socket } = shape;
    this.#belongTo(owner, root);
    const verb = wait ? "create and wait " : "create ";
    const found = this.#prepared(
      bridge.id,
      verb + shape.text,
      3 + idKeys.length,
      ([name = "", itsKey = "", path = "", ...idValues]) => {
        const ids = Object.fromEntries(idKeys.map((each, at) => [each, idValues[at] ?? ""]));
        const blank = { ...shape.spec, name, socket: path, externalIds: ids };
        const target = { kind: "known", ...bridge } as const;
        return [
          ...createOperations(root, blank, { owner, key: itsKey }, target),
          ...(wait ? numberedOperations(root) : []),
        ];
      },
    );
    if (found === undefined) return undefined;
    const ids = idKeys.map((each) => spec.externalIds?.[each] ?? "");
    return new Filled(found, [spec.name, key, socket, ...ids]);
  }

  /** `deleteOperations` of a port whose bridge stays. */
  delete({ root, wait }: Change, own: OwnPort): Filled | undefined {
    const { owner, bridge } = own;
    this.#belongTo(owner, root);
    const found = this.#prepared(bridge.id, wait ? "delete and wait" : "delete", 2, ([port, id]) => {
      if (port === undefined || id === undefined) return [];
      const blank = { ...own, interface: id, port };
      return [...deleteOperations(root, blank, undefined), ...(wait ? numberedOperations(root) : [])];
    });
    return found && new Filled(found, [own.port, own.interface]);
  }

  /** `appliedOperations`. */
  applied(nextCfg: Integer, timeoutMs: number): Prepared<typeof appliedOperations> {
    this.#applied ??= this.#prepare({ texts: 0, integers: 2 }, (_texts, [number = 0, ms = 0]) =>
      appliedOperations(number, ms),
    );
    if (this.#applied === undefined) return appliedOperations(nextCfg, timeoutMs);
    return new Filled(this.#applied, [nextCfg, timeoutMs]);
  }

  /** `appliedInterfaceOperations`. */
  appliedInterface(
    nextCfg: Integer,
    timeoutMs: number,
    id: Uuid,
  ): Prepared<typeof appliedInterfaceOperations> {
    this.#appliedInterface ??= this.#prepare({ texts: 1, integers: 2 }, ([its = id], [number = 0, ms = 0]) =>
      appliedInterfaceOperations(number, ms, its),
    );
    if (this.#appliedInterface === undefined) return appliedInterfaceOperations(nextCfg, timeoutMs, id);
    return new Filled(this.#appliedInterface, [id, nextCfg, timeoutMs]);
  }

  #belongTo(owner: string, root: Uuid): void {
    if (this.#owner === owner && this.#root === root) return;
    this.#forget();
    this.#owner = owner;
    this.#root = root;
  }

  #forget(): void {
    this.#known.clear();
    this.#knownShapes = 0;
  }

  #prepared(
    bridge: Uuid,
    shape: string,
    texts: number,
    build: (texts: readonly Uuid[]) => Operations,
  ): PreparedTransaction<Operations> | undefined {
    const known = this.#known.get(bridge)?.get(shape);
    if (known !== undefined) return known;
    const made = this.#prepare({ texts, integers: 0 }, build);
    if (made === undefined) return undefined;
    if (this.#knownShapes === mostShapes) this.#forget();
    this.#knownShapes += 1;
    const onBridge = this.#known.get(bridge) ?? new Map<string, PreparedTransaction<Operations>>();
    this.#known.set(bridge, onBridge.set(shape, made));
    return made;
  }

  /** What cannot be prepared cannot be sent either: written in the ordinary way, it is refused with its own values. */
  #prepare<const Made extends Operations>(
    blanks: Blanks,
    build: (texts: readonly Uuid[], integers: readonly number[]) => Made,
  ): PreparedTransaction<Made> | undefined {
    return this.#client.prepare(blanks, build, "prepare").unwrapOr(undefined);
  }
}
