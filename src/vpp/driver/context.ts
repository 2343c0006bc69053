import { setMaxListeners } from "node:events";
import type { Deadline } from "../../core/call.js";
import type { VSwitchError } from "../../core/errors.js";
import type { Result } from "../../core/result.js";
import type { VppClient } from "../api/client.js";
import type { Dump } from "../api/details.js";
import type { Callable } from "../api/requests.js";
import type { AnyMessage, DumpMessage } from "../wire/index.js";
import { inVerb } from "./errors.js";

/**
 * One verb's view of one connection: every request of it has the verb's deadline and goes out only while that connection
 * lasts, so that a number which was read on it never reaches a VPP that started anew.
 */
export class Context {
  readonly client: VppClient;
  readonly deadline: Deadline;
  readonly owner: string;
  /** Where VPP makes the socket of a vhost-user server that is given none. */
  readonly socketDirectory: string;
  readonly generation: number;
  #hasCalled = false;

  constructor(fields: {
    readonly client: VppClient;
    readonly deadline: Deadline;
    readonly owner: string;
    readonly socketDirectory: string;
    readonly generation: number;
  }) {
    this.client = fields.client;
    this.deadline = fields.deadline;
    this.owner = fields.owner;
    this.socketDirectory = fields.socketDirectory;
    this.generation = fields.generation;
    // Each request that is under way listens to it, and a look at a large switch has thousands.
    setMaxListeners(0, fields.deadline.signal);
  }

  /** The verb's name. */
  get operation(): string {
    return this.deadline.operation;
  }

  /** Whether more than dumps were asked for: VPP may have changed since. */
  get hasCalled(): boolean {
    return this.#hasCalled;
  }

  /** Whether the server has a message in a form that we know. */
  has(message: AnyMessage): boolean {
    return this.client.capability(message)?.state === "available";
  }

  async call<In, Reply>(message: Callable<In, Reply>, request: In): Promise<Result<Reply, VSwitchError>> {
    const { generation, deadline } = this;
    this.#hasCalled = true;
    const result = await this.client.call(message, request, { ...deadline.step(), generation });
    return result.mapErr((error) => inVerb(deadline, error));
  }

  /** All details of a dump. */
  async dump<In, Details>(
    message: DumpMessage<In, Details, unknown>,
    request: In,
  ): Promise<Result<readonly Details[], VSwitchError>> {
    const { generation, deadline } = this;
    const dump: Dump<Details> = this.client.dump(message, request, { ...deadline.step(), generation });
    return (await dump.all()).mapErr((error) => inVerb(deadline, error));
  }
}
