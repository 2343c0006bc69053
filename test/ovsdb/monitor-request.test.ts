import { describe, expect, it } from "vitest";
import { Fault } from "../../src/ovsdb/fault.js";
import { encodeRequest, type EncodedRequest, type MonitorRequest } from "../../src/ovsdb/monitor-request.js";
import type { DatabaseRows } from "../../src/ovsdb/value.js";
import { labJson, schemaOf } from "./lab.js";

const server = schemaOf(labJson);

function encode(request: MonitorRequest<DatabaseRows>, expected?: object): EncodedRequest {
  const encoded = encodeRequest(
    { server, expected: expected === undefined ? undefined : schemaOf(expected) },
    request,
  );
  if (encoded instanceof Fault)
    throw new Error(`${encoded.path} is ${encoded.got}; expected ${encoded.expected}`);
  return encoded;
}

describe("a monitor request on the wire", () => {
  it("always lists columns: without a list _version would come too", () => {
    expect(encode({ Log: {} }).wire).toEqual({ Log: [{ columns: ["msg", "k"] }] });
  });

  it("takes a list of columns; _uuid comes by itself", () => {
    expect(encode({ Log: { columns: ["_uuid", "k"] }, Root: { columns: [] } }).wire).toEqual({
      Log: [{ columns: ["k"] }],
      Root: [{ columns: [] }],
    });
  });

  it("says all rows, none, or conditions", () => {
    const { wire, conditional } = encode({
      Log: { columns: ["k"], where: [["k", ">", 0]] },
      Root: { columns: [], where: "none" },
      Item: { columns: [], where: "all" },
    });
    expect(wire).toEqual({
      Log: [{ columns: ["k"], where: [["k", ">", 0]] }],
      Root: [{ columns: [], where: [false] }],
      Item: [{ columns: [] }],
    });
    expect(conditional).toBe(true);
    expect(encode({ Log: { where: "all" } }).conditional).toBe(false);
  });

  it("refuses an empty list of conditions, which some take for all rows and some for none", () => {
    expect(() => encode({ Log: { where: [] } })).toThrow(
      'Log.where is []; expected at least one condition, "all" or "none"',
    );
  });

  it("leaves out what the server lacks, and says so", () => {
    expect(encode({ Log: { columns: ["k", "later"] }, Later: { columns: ["x"] } })).toMatchObject({
      wire: { Log: [{ columns: ["k"] }] },
      absent: ["Later", "Log.later"],
      absentTables: ["Later"],
    });
  });

  it("refuses what neither the server nor the program knows", () => {
    expect(() => encode({ Lgo: {} }, labJson)).toThrow("Lgo is absent; expected a table that the server has");
    expect(() => encode({ Log: { columns: ["kk"] } }, labJson)).toThrow("Log.kk is absent");
  });
});
