import { describe, expect, test } from "vitest";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { decodeMessage, encodeMessage, Reader, Writer } from "../../../src/vpp/wire/index.js";
import { asList, asRecord } from "./narrow.js";
import { capturedFrames, capturedReleases, modelOf, unlessMissing } from "./api-files.js";

/** The ids that stand before there is a table. */
const handshake = new Map([
  [15, "sockclnt_create"],
  [16, "sockclnt_create_reply"],
]);

/** The table of a handshake: which message each id is. */
function tableOf(
  reply: Readonly<Record<string, unknown>>,
): ReadonlyMap<number, { name: string; crc: string }> {
  return new Map(
    asList(reply["message_table"]).map((entry) => {
      const { index, name } = asRecord(entry);
      const [, message = "", crc = ""] = /^(.*)_([0-9a-f]{8})$/.exec(String(name)) ?? [];
      return [Number(index), { name: message, crc }];
    }),
  );
}

describe.skipIf(capturedReleases.length === 0)(`a captured session of a real server${unlessMissing}`, () => {
  test.each(capturedReleases)("%s: every frame is read, and written back with the same bytes", (release) => {
    const codecs = new ApiCodecs(modelOf(release));
    const frames = capturedFrames(release);
    const reply = frames.find((body) => body.readUInt16BE(0) === 16) ?? Buffer.alloc(0);
    const table = tableOf(
      decodeMessage(codecs.message("sockclnt_create_reply").unwrap(), new Reader(reply)).unwrap(),
    );
    const written = frames.map((body) => {
      const id = body.readUInt16BE(0);
      const codec = codecs.message(handshake.get(id) ?? table.get(id)?.name ?? "").unwrap();
      const header = {
        id,
        clientIndex: codec.clientIndexAt < 0 ? 0 : body.readUInt32BE(codec.clientIndexAt),
        context: codec.contextAt < 0 ? 0 : body.readUInt32BE(codec.contextAt),
      };
      const writer = new Writer();
      encodeMessage(codec, decodeMessage(codec, new Reader(body)).unwrap(), header, writer).unwrap();
      return writer.written().toString("hex");
    });
    expect(written).toStrictEqual(frames.map((body) => body.toString("hex")));
  });

  test.each(capturedReleases)(
    "%s: every message of the server is in its API files, with its CRC",
    (release) => {
      const { messages } = modelOf(release);
      const codec = new ApiCodecs(modelOf(release)).message("sockclnt_create_reply").unwrap();
      const reply = capturedFrames(release).find((body) => body.readUInt16BE(0) === 16) ?? Buffer.alloc(0);
      const table = [...tableOf(decodeMessage(codec, new Reader(reply)).unwrap()).values()];
      expect(table.filter(({ name, crc }) => messages.get(name)?.crc !== crc)).toStrictEqual([]);
      expect(table.length).toBeGreaterThan(800);
    },
  );

  test.each(capturedReleases)("%s: what the details say", (release) => {
    const codec = new ApiCodecs(modelOf(release)).message("sw_interface_details").unwrap();
    const details = capturedFrames(release)
      .filter((body) => body.length === 295)
      .map((body) => decodeMessage(codec, new Reader(body)).unwrap());
    expect(
      details.map(({ interface_name: name, l2_address: mac, type }) => ({ name, mac, type })),
    ).toStrictEqual([
      { name: "local0", mac: "00:00:00:00:00:00", type: "IF_API_TYPE_HARDWARE" },
      { name: "loop0", mac: "02:fe:00:00:00:01", type: "IF_API_TYPE_HARDWARE" },
      {
        name: release === "20.05" ? "memif1/7" : "memif1013904223/7",
        mac: "02:fe:00:00:00:07",
        type: "IF_API_TYPE_HARDWARE",
      },
    ]);
    expect(details[2]).toMatchObject({
      flags: 1,
      mtu: [9000, 0, 0, 0],
      tag: "",
      interface_dev_type: "memif",
    });
  });
});
