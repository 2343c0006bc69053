import {
  connectOvsdb,
  named,
  operations,
  TransactionRejectedError,
  type Operation,
  type OvsdbClient,
  type ResultsOf,
} from "../../src/ovsdb/index.js";
import { startOvsdbServer, type OvsdbServer, type OvsdbServerOptions } from "../support/openvswitch.js";
import { labJson } from "./lab.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";

const { deleteRows, insert, mutate } = operations<LabDatabase>();

/** What a test's calls are given. */
export const options = { operation: "test", timeoutMs: 10_000 };

/** A real ovsdb-server with the Lab database, and a client of it. */
export class LabServer implements AsyncDisposable {
  readonly server: OvsdbServer;
  readonly client: OvsdbClient<LabDatabase>;

  private constructor(server: OvsdbServer, client: OvsdbClient<LabDatabase>) {
    this.server = server;
    this.client = client;
  }

  static async start(
    serverOptions: OvsdbServerOptions & { readonly monitorCond?: boolean } = {},
  ): Promise<LabServer> {
    const server = await startOvsdbServer({ schema: labJson, ...serverOptions });
    if (serverOptions.monitorCond === false) await server.appctl("ovsdb-server/disable-monitor-cond");
    const connected = await connectOvsdb({ remote: server.remote, database: "Lab", schema: labSchema });
    return new LabServer(server, connected.unwrap());
  }

  /** Leaves one row in Root, named `root`, and nothing else. */
  async empty(): Promise<void> {
    await this.done(deleteRows("Root", []), deleteRows("Log", []), insert("Root", { name: "root" }));
  }

  /** Another client of the server. */
  async another(): Promise<OvsdbClient<LabDatabase>> {
    const connected = await connectOvsdb({ remote: this.server.remote, database: "Lab", schema: labSchema });
    return connected.unwrap();
  }

  /** Carries out a transaction that the server takes. */
  async done<const Operations extends readonly Operation<LabDatabase>[]>(
    ...given: Operations
  ): Promise<ResultsOf<Operations>> {
    return (await this.client.transact(given, options)).unwrap();
  }

  /** Sends a transaction that the server refuses. */
  async refusal(...given: readonly Operation<LabDatabase>[]): Promise<TransactionRejectedError> {
    const error = (await this.client.transact(given, options)).unwrapErr();
    if (error instanceof TransactionRejectedError) return error;
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.server.stop();
  }
}

/** Adds a row to Item, and in Root the reference that keeps it. */
export const addItem = (
  row: Readonly<Record<string, unknown>>,
  name = "i",
): readonly Operation<LabDatabase>[] => [
  { op: "insert", table: "Item", row, uuidName: name, uuid: undefined },
  mutate("Root", [["name", "==", "root"]], [["items", "insert", [named(name)]]]),
];
