import {
  connectOvsdb,
  type ConnectError,
  type ConnectOptions,
  type OvsdbClient,
} from "../../src/ovsdb/index.js";
import type { Result } from "../../src/core/result.js";
import { ScriptedPeer, type PeerConnection } from "../support/scripted-peer.js";
import { labJson } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

/** What of the options a test says. */
export type Options = Partial<ConnectOptions<LabDatabase>>;

/** A server that does what the test says, before a client has asked it for a schema. */
export class ScriptedServer implements AsyncDisposable {
  readonly #peer: ScriptedPeer;

  private constructor(peer: ScriptedPeer) {
    this.#peer = peer;
  }

  static async start(): Promise<ScriptedServer> {
    return new ScriptedServer(await ScriptedPeer.listen("unix"));
  }

  /** Begins to connect, and gives the server's end. */
  async dialled(options: Options = {}): Promise<{
    readonly peer: PeerConnection;
    readonly connecting: Promise<Result<OvsdbClient<LabDatabase>, ConnectError>>;
  }> {
    const connecting = connectOvsdb({
      remote: this.#peer.remote.text,
      database: "Lab",
      timeoutMs: 10_000,
      ...options,
    });
    return { peer: await this.#peer.connection(), connecting };
  }

  /** A client that has its schema, and the server's end. */
  async connected(options: Options = {}): Promise<{
    readonly peer: PeerConnection;
    readonly client: OvsdbClient<LabDatabase>;
  }> {
    const { peer, connecting } = await this.dialled(options);
    await peer.answer(labJson);
    return { peer, client: (await connecting).unwrap() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}
