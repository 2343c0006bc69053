import { connectVpp } from "../../src/vpp/api/connect.js";
import { CreateLoopback, DeleteLoopback } from "../../src/vpp/bindings/interface.js";

/** Loopbacks in a VPP, until they are disposed of. */
export class Loopbacks implements AsyncDisposable {
  readonly #remote: string;
  readonly #indices: readonly number[];

  private constructor(remote: string, indices: readonly number[]) {
    this.#remote = remote;
    this.#indices = indices;
  }

  static async make(remote: string, count: number): Promise<Loopbacks> {
    const client = (await connectVpp({ remote, window: 32, callTimeoutMs: 120_000 })).unwrap();
    const request = { mac_address: "00:00:00:00:00:00" };
    const replies = await Promise.all(
      Array.from({ length: count }, () => client.call(CreateLoopback, request)),
    );
    await client.close();
    return new Loopbacks(
      remote,
      replies.map((reply) => reply.unwrap().sw_if_index),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const remote = this.#remote;
    const client = (await connectVpp({ remote, window: 32, callTimeoutMs: 120_000 })).unwrap();
    const replies = await Promise.all(
      this.#indices.map((sw_if_index) => client.call(DeleteLoopback, { sw_if_index })),
    );
    await client.close();
    for (const reply of replies) reply.unwrap();
  }
}
