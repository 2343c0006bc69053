import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interfaceTag, readInterfaceTag } from "../../../src/vpp/driver/marks.js";

const word = fc.stringMatching(/^[\w.:-]{1,12}$/u);

describe("the tag of an interface", () => {
  test("says all of its mark but a key that does not fit", () => {
    const mark = fc.record({
      owner: word,
      name: word,
      key: fc.oneof(word, fc.string({ unit: "binary", minLength: 1, maxLength: 60 })),
      ownsSocket: fc.boolean(),
      isMaking: fc.boolean(),
    });
    fc.assert(
      fc.property(mark, (given) => {
        const tag = interfaceTag(given);
        const { key, isDigest, ...rest } = readInterfaceTag(tag) ?? { key: "", isDigest: false };
        const { key: givenKey, ...expected } = given;
        expect(rest).toStrictEqual(expected);
        expect(isDigest ? key.replace(/[\w-]{16}$/u, "digest") : key).toBe(
          isDigest ? "sha256:digest" : givenKey,
        );
      }),
    );
  });

  test.each([
    "",
    "/",
    "vswn",
    "vswn/",
    "vswn/lab",
    "vswn/lab/",
    "vswn//name",
    "vswn/lab/name/",
    "vswn/lab/name/key",
    "vswk/lab/name",
    "vswk/lab/name/",
    "vswd/lab/name",
    "vswx/lab/name/key",
    "vsW/lab/name",
    "vsWn/lab/name",
    "avswn/lab/name",
    "vswn lab/name/key",
  ])("%j is not ours", (tag) => {
    expect(readInterfaceTag(tag)).toBeUndefined();
  });

  test("may have a key with slashes and line ends", () => {
    const key = "/a/b\n/";
    const tag = `vswk/lab/name/${key}`;
    expect(readInterfaceTag(tag)).toMatchObject({ owner: "lab", name: "name", key, isDigest: false });
  });
});
