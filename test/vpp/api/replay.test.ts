/** Every captured exchange with a real server, made again: the same calls send the same bytes and give what it said. */
import { describe, expect, test } from "vitest";

import type { VppClient } from "../../../src/vpp/api/client.js";
import { connectVpp } from "../../../src/vpp/api/connect.js";
import { ServerTable } from "../../../src/vpp/api/server-table.js";
import { ApiCodecs, type MessageValue } from "../../../src/vpp/schema/index.js";
import { decodeMessage, Reader } from "../../../src/vpp/wire/index.js";
import { capture, hasCapture, type CapturedFrame } from "../../support/vpp-capture.js";
import { VppPeer } from "../../support/vpp-peer.js";
import { modelOf, releases, unlessMissing } from "../schema/api-files.js";

const captured = releases.filter(hasCapture);

/** What the client did, and what it got. */
interface Step {
  readonly requests: readonly CapturedFrame[];
  readonly answers: readonly CapturedFrame[];
}

/** Requests up to the first answer, then answers up to the next request. */
function stepsOf(frames: readonly CapturedFrame[]): readonly Step[] {
  const steps: { requests: CapturedFrame[]; answers: CapturedFrame[] }[] = [];
  for (const frame of frames) {
    const last = steps.at(-1);
    if (!frame.fromClient) last?.answers.push(frame);
    else if (last === undefined || last.answers.length > 0) steps.push({ requests: [frame], answers: [] });
    else last.requests.push(frame);
  }
  return steps;
}

/** The messages of one captured server. */
class Session {
  readonly #codecs: ApiCodecs;
  readonly #names: ReadonlyMap<number, string>;

  constructor(release: string, welcome: Buffer) {
    this.#codecs = new ApiCodecs(modelOf(release));
    const table = ServerTable.read(welcome, 20, welcome.readUInt16BE(18));
    this.#names = new Map([...table.names()].map((name) => [table.find(name)?.id ?? 0, name]));
  }

  read({ message }: CapturedFrame): { readonly name: string; readonly value: MessageValue } {
    const name = this.#names.get(message.readUInt16BE(0)) ?? "";
    return { name, value: decodeMessage(this.#codecs.message(name).unwrap(), new Reader(message)).unwrap() };
  }
}

/** Makes the calls of a step, and gives what they gave. */
async function repeat(client: VppClient, session: Session, step: Step): Promise<readonly MessageValue[]> {
  const [first, ping] = step.requests.map((frame) => session.read(frame));
  if (first === undefined || first.name === "sockclnt_delete") {
    await client.close();
    return [{ response: 1 }];
  }
  if (ping === undefined) {
    const reply = await client.call(first.name, first.value);
    // Of a refusal only the number is handed out.
    return [reply.isErr() && reply.error.kind === "rejected" ? { retval: reply.error.code } : reply.unwrap()];
  }
  return (await client.dump(first.name, first.value).all()).unwrap();
}

describe.skipIf(captured.length === 0)(`captured exchanges with a real server${unlessMissing}`, () => {
  test.each(captured)("%s: the same bytes out for the same calls", async (release) => {
    const [hello, ...steps] = stepsOf(capture(release));
    const welcome = hello?.answers[0];
    if (hello === undefined || welcome === undefined) throw new Error("an empty capture");
    const session = new Session(release, welcome.message);
    await using peer = await VppPeer.listen();
    const send = (frames: readonly CapturedFrame[]): void => {
      for (const { header, message } of frames) peer.send(header, message);
    };

    const connecting = connectVpp({
      remote: peer.remote,
      name: "lab-client",
      api: { model: modelOf(release) },
    });
    expect((await peer.next()).toString("hex")).toBe(hello.requests[0]?.message.toString("hex"));
    send(hello.answers);
    const client = (await connecting).unwrap();

    for (const step of steps) {
      const repeating = repeat(client, session, step);
      const sent: string[] = [];
      for (const _request of step.requests) sent.push((await peer.next()).toString("hex"));
      expect(sent).toStrictEqual(step.requests.map(({ message }) => message.toString("hex")));
      send(step.answers);
      const said = step.answers
        .map((frame) => session.read(frame))
        .filter(({ name }) => step.requests.length === 1 || name !== "control_ping_reply")
        .map(({ value }) => (Number(value["retval"] ?? 0) < 0 ? { retval: value["retval"] } : value));
      expect(await repeating).toStrictEqual(said);
    }
    expect(steps.length).toBeGreaterThan(12);
  });
});
