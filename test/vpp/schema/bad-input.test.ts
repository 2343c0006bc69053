import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ApiCodecs, readApi, readApiBundle, readApiDirectory } from "../../../src/vpp/schema/index.js";
import { TemporaryDirectory } from "../codegen/generated.js";
import { message, modelFrom, refusalOf } from "./api-json.js";

const counted = ["u8", "items", 0, "count"];

describe("a directory", () => {
  test("that is not there", () => {
    const error = readApiDirectory("/nonexistent/api").unwrapErr();
    expect(error).toMatchObject({
      kind: "unreachable",
      errno: "ENOENT",
      hint: "VPP installs its API files in /usr/share/vpp/api",
    });
  });

  test("without API files", () => {
    using directory = new TemporaryDirectory();
    writeFileSync(join(directory.path, "package.json"), "{}");
    const error = readApiDirectory(directory.path).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", expected: "a directory with *.api.json files" });
  });

  test("is read with the directories below it; a file can be given alone", () => {
    using directory = new TemporaryDirectory();
    const core = join(directory.path, "core");
    mkdirSync(core);
    writeFileSync(join(core, "one.api.json"), JSON.stringify({ messages: [message("one", [])] }));
    expect([...readApiDirectory(directory.path).unwrap().messages.keys()]).toStrictEqual(["one"]);
    expect([...readApiDirectory(join(core, "one.api.json")).unwrap().messages.keys()]).toStrictEqual(["one"]);
  });
});

describe("a file that is no API file is refused, and the error names it", () => {
  test.each([
    ["not JSON", "{", "text that is not JSON"],
    ["a list", "[]", "[]"],
    ["a word", '"api"', '"api"'],
    ["some other object", '{"name":"x","version":"1"}', 'an object with "name", "version"'],
    ["an empty object", "{}", "an object with no keys"],
  ])("%s", (_what, text, got) => {
    const error = readApi([{ name: "memif", text }]).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", path: "memif", got });
    expect(error.message).toContain('"memif" is not a VPP API file');
  });

  test.each(["../x", "a/b", "", "a b", ".hidden", "a;b", "x".repeat(200)])("called %j", (name) => {
    expect(readApi([{ name, text: '{"messages":[]}' }]).unwrapErr().expected).toBe(
      "a file name of letters, digits, _ and -",
    );
  });
});

function one(type: string): Readonly<Record<string, unknown>> {
  return { types: [["point", [type, "x"]]], messages: [] };
}

describe("files that disagree are refused", () => {
  test("on a type", () => {
    expect(refusalOf({ a: one("u8"), b: one("u16") })).toBe(
      "type point is defined differently by a.api.json and b.api.json; give the files of one release only",
    );
  });

  test("on a type's kind", () => {
    const alias = { aliases: { point: { type: "u8" } }, messages: [] };
    expect(refusalOf({ a: one("u8"), b: alias })).toContain("type point is defined differently");
  });

  test("on a message", () => {
    const file = { messages: [message("ping", [])] };
    expect(refusalOf({ a: file, b: file })).toContain("message ping");
  });

  test("but not when they repeat each other", () => {
    expect([...modelFrom({ a: one("u8"), b: one("u8") }).types.keys()]).toStrictEqual(["point"]);
  });

  test("or differ in comments only", () => {
    const noted = { types: [["point", ["u8", "x"], { comment: "/** a point */" }]], messages: [] };
    expect(modelFrom({ a: one("u8"), b: noted }).types.size).toBe(1);
  });

  test("and two of one name, as of two releases", () => {
    const source = { name: "memif", text: '{"messages":[]}' };
    expect(readApi([source, source]).unwrapErr().message).toContain("file memif.api.json is there twice");
  });
});

describe("what has no place in the model is left out, with the reason", () => {
  const deep = Array.from({ length: 50 }, (_, i) => [`t${i}`, [i === 49 ? "u8" : `vl_api_t${i + 1}_t`, "x"]]);
  test.each([
    ["an unknown type", [["vl_api_nothing_t", "x"]], "no file defines the type nothing"],
    [
      "a field twice",
      [
        ["u8", "x"],
        ["u8", "x"],
      ],
      "field x stands twice",
    ],
    ["a counter that is not there", [counted], "no field before items is called count"],
    ["a counter that comes later", [counted, ["u8", "count"]], "no field before items is called count"],
    ["a counter that is no number", [["string", "count", 8], counted], "field count cannot count"],
    ["a type that contains itself", [["vl_api_loop_t", "x"]], "type loop: type loop contains itself"],
    ["types nested without end", [["vl_api_t0_t", "x"]], "types are nested more than 32 deep"],
    ["a type of a gigabyte", [["vl_api_huge_t", "x"]], "more than any message of VPP"],
    [
      "a list of nothings",
      [
        ["u8", "count"],
        ["vl_api_none_t", "items", 0, "count"],
      ],
      "it has no fields",
    ],
    [
      "the rest of the message in its middle",
      [
        ["u8", "x", 0],
        ["u8", "y"],
      ],
      "is not last",
    ],
    ["an enumeration in a double", [["vl_api_wide_t", "x"]], 'it is carried in "f64"'],
    ["an enumeration that does not fit", [["vl_api_narrow_t", "x"]], "member A does not fit into u8"],
    ["a union of variable size", [["vl_api_open_t", "x"]], "arm text is of no fixed size"],
    ["an impossible length", [["u8", "x", -1]], "field x has the length -1"],
    ["a name that is code", [["u8", '"; evil()']], "has no usable type and name"],
    ["a name that no object can hold", [["u8", "__proto__"]], "has no usable type and name"],
  ])("%s", (_what, fields, why) => {
    const model = modelFrom({
      test: {
        types: [["loop", ["vl_api_loop_t", "x"]], ["huge", ["u64", "x", 134_217_728]], ["none"], ...deep],
        enums: [
          ["wide", ["A", 0], { enumtype: "f64" }],
          ["narrow", ["A", 256], { enumtype: "u8" }],
        ],
        unions: [["open", ["string", "text", 0]]],
        messages: [message("bad", fields), message("good", [["u8", "x"]])],
      },
    });
    expect([...model.messages.keys()]).toStrictEqual(["good"]);
    expect(model.skipped.find(({ item }) => item === "message bad")).toMatchObject({ module: "test" });
    expect(model.skipped.find(({ item }) => item === "message bad")?.why).toContain(why);
    expect(new ApiCodecs(model).message("bad").unwrapErr().message).toContain(why);
  });

  test.each(["__proto__", "../x", '"; evil()', "", "a-b", "1a"])("a message called %j", (name) => {
    const model = modelFrom({ test: { messages: [message(name, [])] } });
    expect(model.messages.size).toBe(0);
    expect(model.skipped[0]?.why).toBe("its name is none that VPP's compiler takes");
  });

  test("a message without a CRC", () => {
    const model = modelFrom({ test: { messages: [["ping", ["u16", "_vl_msg_id"], {}]] } });
    expect(model.skipped[0]).toMatchObject({
      item: "message ping",
      why: "it has no CRC, so no server can announce it",
    });
  });

  test("names that mean something to JavaScript are names like others", () => {
    const names = ["constructor", "toString", "hasOwnProperty", "prototype", "class", "default", "then"];
    const fields = names.map((name) => ["u8", name]);
    const model = modelFrom({ test: { messages: names.map((name) => message(name, fields)) } });
    expect([...model.messages.keys()]).toStrictEqual(names);
  });

  test("unknown keys are passed over", () => {
    const model = modelFrom({
      test: {
        messages: [message("ping", [["u8", "x", { limit: 7, mood: "good" }]], { mood: 1 })],
        future: [1],
      },
    });
    expect(model.skipped).toStrictEqual([]);
    expect(model.messages.size).toBe(1);
  });
});

describe("a message asked for that the model lacks", () => {
  const model = modelFrom({
    test: {
      messages: [message("ping", []), message("ping_reply", [])],
      services: { ping: { reply: "ping_reply" } },
    },
  });
  const codecs = new ApiCodecs(model);

  test("is invalid", () => {
    expect(codecs.call("pong").unwrapErr()).toMatchObject({ kind: "invalid", got: "pong" });
    expect(codecs.call("pong").unwrapErr().message).toBe(
      "no codec for message pong: none of 1 API files defines it",
    );
  });

  test("is invalid too when it is answered in another way", () => {
    expect(
      codecs
        .call("ping")
        .unwrap()
        .replies.map(({ name }) => name),
    ).toStrictEqual(["ping_reply"]);
    expect(codecs.dump("ping").unwrapErr().message).toBe('ping is answered as "call", not as "dump"');
    expect(codecs.call("ping_reply").unwrapErr().message).toBe(
      'ping_reply is no request but "reply", not as "call"',
    );
  });
});

describe("what get_api_json answers", () => {
  test("is a list of API files", () => {
    const file = { module: "memif", messages: [message("ping", [])] };
    expect(
      readApiBundle(JSON.stringify([file]))
        .unwrap()
        .messages.get("ping")?.module,
    ).toBe("memif");
  });

  test.each(["", "{", "{}", "[1]", '[{"module":"x"}]', '[{"module":"../x","messages":[]}]'])(
    "and %j is none",
    (text) => {
      expect(readApiBundle(text).unwrapErr().kind).toBe("invalid");
    },
  );
});
