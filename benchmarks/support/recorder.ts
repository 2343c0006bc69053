import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import * as v from "valibot";
import { closeServer } from "../../test/support/close-server.js";
import type { Contestant } from "./contestant.js";
import { JsonTexts } from "./json-texts.js";

/**
 * The requests with which a client creates and deletes one port, in their order. `<name>` stands for the port's name,
 * `<0>`, `<1>`, ... for the uuids that the inserts of the create gave, in their order, and `<next>` for the `next_cfg` that the reply before
 * told.
 */
export const recordingSchema = v.object({ create: v.array(v.string()), delete: v.array(v.string()) });
export type Recording = v.InferOutput<typeof recordingSchema>;

const replySchema = v.object({
  result: v.array(v.object({ uuid: v.optional(v.tuple([v.string(), v.string()])) })),
});

/** Stands between a client and its server, and notes what they say. */
class Recorder implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  #requests: string[] = [];
  #answers: string[] = [];

  private constructor(target: string) {
    this.#server = createServer((client) => {
      const server = connect(target);
      this.#forward(client, server, (text) => this.#requests.push(text));
      this.#forward(server, client, (text) => this.#answers.push(text));
    });
  }

  static async listen(path: string, target: string): Promise<Recorder> {
    const recorder = new Recorder(target);
    recorder.#server.listen(path);
    await once(recorder.#server, "listening");
    return recorder;
  }

  /** What was said since the last time. */
  take(): { readonly requests: readonly string[]; readonly answers: readonly string[] } {
    const taken = { requests: this.#requests, answers: this.#answers };
    this.#requests = [];
    this.#answers = [];
    return taken;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeServer(this.#server, this.#sockets);
  }

  #forward(from: Socket, to: Socket, note: (text: string) => void): void {
    const texts = new JsonTexts();
    this.#sockets.push(from);
    from.setEncoding("utf8");
    from.on("data", (chunk: string) => {
      for (const text of texts.push(chunk)) note(text);
      to.write(chunk);
    });
    from.on("close", () => to.destroy());
    // What breaks shows at the client, which then does not answer.
    from.on("error", () => undefined);
  }
}

/** Where the recorder listens and what it stands before. */
interface Between {
  readonly path: string;
  readonly target: string;
}

/** Records the second port of a connection: what a client looks up once is not in it. */
export async function record(
  { path, target }: Between,
  start: (remote: string) => Promise<Contestant>,
): Promise<Recording> {
  await using recorder = await Recorder.listen(path, target);
  await using contestant = await start(`unix:${path}`);
  await contestant.open();
  await contestant.create("recorded0");
  await contestant.delete("recorded0");
  recorder.take();
  const name = "recorded1";
  await contestant.create(name);
  const created = recorder.take();
  await contestant.delete(name);
  const deleted = recorder.take();
  await contestant.close();
  const uuids = created.answers.flatMap((answer) => insertedUuids(answer));
  const blank = (request: string): string =>
    uuids.reduce(
      (text, uuid, at) => text.replaceAll(uuid, `<${at}>`),
      request.replaceAll(name, "<name>").replaceAll(/(?<=\["cur_cfg",">=",)\d+/gu, "<next>"),
    );
  return { create: created.requests.map(blank), delete: deleted.requests.map(blank) };
}

function insertedUuids(answer: string): readonly string[] {
  const reply = v.safeParse(replySchema, JSON.parse(answer));
  return reply.success ? reply.output.result.flatMap(({ uuid }) => uuid?.[1] ?? []) : [];
}
