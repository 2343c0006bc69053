import type { InterfaceSpec, VhostUserSpec } from "../core/specs.js";
import type { Mark } from "../core/vswitch.js";
import type { Operation, OvsdbClient, PreparedTransaction } from "../ovsdb/index.js";
import type { Db } from "./database.js";
import { createOperations, deleteOperations, numberedOperations, type OwnPort } from "./plan.js";
import type { Uuid } from "./rows.js";

/** What a verb writes: operations, or operations that were prepared, with their values. */
export type Transaction = readonly Operation<Db>[] | Filled;

/** A prepared transaction with a value for each blank. */
export class Filled {
  readonly prepared: PreparedTransaction;
  readonly values: readonly string[];

  constructor(prepared: PreparedTransaction, values: readonly string[]) {
    this.prepared = prepared;
    this.values = values;
  }
}

/** More shapes than this are not worth keeping: whoever has them gains nothing by it. */
const mostShapes = 64;

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
  const place = attach === undefined ? [] : [attach.tag, attach.trunks, attach.vlanMode];
  return { spec, text: JSON.stringify([mode, mtu, ingressPolicing, place, idKeys]), idKeys, socket };
}

/** The transactions of one connection that are the same for many ports, but for names and ids: written once. */
export class PreparedTransactions {
  readonly #client: OvsdbClient<Db>;
  readonly #known = new Map<string, PreparedTransaction>();

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
    const found = this.#prepared(
      `create ${String(wait)} ${owner} ${shape.text}`,
      5 + idKeys.length,
      (blanks) => {
        const [rootId, bridgeId, name, itsKey, path] = blanks;
        if (rootId === undefined || bridgeId === undefined || name === undefined) return [];
        const ids = Object.fromEntries(idKeys.map((each, at) => [each, blanks[5 + at] ?? ""]));
        const blank = { ...shape.spec, name, socket: path, externalIds: ids };
        const target = { kind: "known", name: bridge.name, id: bridgeId } as const;
        return [
          ...createOperations(rootId, blank, { owner, key: itsKey ?? "" }, target),
          ...(wait ? numberedOperations(rootId) : []),
        ];
      },
    );
    if (found === undefined) return undefined;
    const ids = idKeys.map((each) => spec.externalIds?.[each] ?? "");
    return new Filled(found, [root, bridge.id, spec.name, key, socket, ...ids]);
  }

  /** `deleteOperations` of a port whose bridge stays. */
  delete({ root, wait }: Change, own: OwnPort): Filled | undefined {
    const { owner } = own;
    const found = this.#prepared(`delete ${String(wait)} ${owner}`, 4, (blanks) => {
      const [rootId, bridgeId, port, id] = blanks;
      if (rootId === undefined || bridgeId === undefined || port === undefined || id === undefined) return [];
      const bridge = { id: bridgeId, name: own.bridge.name };
      const blank = { name: own.name, owner, interface: id, port, bridge };
      return [...deleteOperations(rootId, blank, undefined), ...(wait ? numberedOperations(rootId) : [])];
    });
    return found && new Filled(found, [root, own.bridge.id, own.port, own.interface]);
  }

  #prepared(
    shape: string,
    count: number,
    build: (blanks: readonly Uuid[]) => readonly Operation<Db>[],
  ): PreparedTransaction | undefined {
    const known = this.#known.get(shape);
    if (known !== undefined) return known;
    // What cannot be prepared cannot be sent either: written in the ordinary way, it is refused with its own values.
    const made = this.#client.prepare(count, build, "prepare").unwrapOr(undefined);
    if (made === undefined) return undefined;
    if (this.#known.size === mostShapes) this.#known.clear();
    this.#known.set(shape, made);
    return made;
  }
}
