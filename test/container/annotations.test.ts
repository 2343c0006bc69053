import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAnnotations } from "../../src/container/annotations.js";
import { unquote } from "../../src/container/go-quoted.js";

/** Go's strconv.Quote, for what it writes as it is and for what it escapes. */
function quote(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    "\u0007": String.raw`\a`,
    "\b": String.raw`\b`,
    "\f": String.raw`\f`,
    "\n": String.raw`\n`,
    "\r": String.raw`\r`,
    "\t": String.raw`\t`,
    "\v": String.raw`\v`,
    "\\": String.raw`\\`,
    '"': String.raw`\"`,
  };
  const body = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f)
      return escapes[character] ?? String.raw`\x${code.toString(16).padStart(2, "0")}`;
    if (code === 0xfeff || code === 0x2028) return String.raw`\u${code.toString(16).padStart(4, "0")}`;
    return escapes[character] ?? character;
  });
  return `"${body.join("")}"`;
}

describe("a value quoted by Go", () => {
  test("is read back", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        expect(unquote(quote(text))).toBe(text);
      }),
    );
  });

  test.each<[string, string | undefined]>([
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    [String.raw`"\u00e9\U0001f600\x41\101"`, "é😀AA"],
    [String.raw`"\q"`, undefined],
    [String.raw`"\u12"`, undefined],
    [String.raw`"\U00110000"`, undefined],
    [String.raw`"ends\"`, undefined],
    ["bare", undefined],
    ['"', undefined],
    ["''", undefined],
  ])("%s", (quoted, text) => {
    expect(unquote(quoted)).toBe(text);
  });
});

describe("the downward API's file", () => {
  test("has one annotation a line", () => {
    const file = [
      'kubernetes.io/config.seen="2026-01-01T00:00:00Z"',
      String.raw`userspace/configuration-data="[{\n \"ifName\": \"net1=\"\n}]"`,
      'userspace/mapped-dir="/var/lib/cni/usrspcni/"',
      "",
    ].join("\n");
    expect([...parseAnnotations("f", file).unwrap()]).toEqual([
      ["kubernetes.io/config.seen", "2026-01-01T00:00:00Z"],
      ["userspace/configuration-data", '[{\n "ifName": "net1="\n}]'],
      ["userspace/mapped-dir", "/var/lib/cni/usrspcni/"],
    ]);
  });

  test.each(["no equals sign", '="no key"', "key=bare", 'key="open'])("%j is told with its line", (line) => {
    expect(parseAnnotations("/f", `a="b"\n${line}`).unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "line 2",
    });
  });
});
