import { describe, expect, test } from "vitest";

import { RetvalError, retvalOffset } from "../../../src/vpp/api/retval.js";
import { vnetError, vnetErrors } from "../../../src/vpp/api/vnet-errors.js";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { toyApi } from "../../support/vpp-toy-api.js";
import { modelOf, releases, unlessMissing } from "../schema/api-files.js";

describe("VNET_API_ERROR", () => {
  test("has 143 names, from -1 to -171, each number once", () => {
    const codes = vnetErrors().map(({ code }) => code);
    expect(codes).toHaveLength(143);
    expect(new Set(codes).size).toBe(143);
    expect([Math.min(...codes), Math.max(...codes)]).toStrictEqual([-171, -1]);
    expect(new Set(vnetErrors().map(({ name }) => name)).size).toBe(143);
  });

  test.each([
    [-2, "INVALID_SW_IF_INDEX", "not-found"],
    [-6, "NO_SUCH_ENTRY", "not-found"],
    [-9, "UNIMPLEMENTED", "unsupported"],
    [-56, "VLAN_ALREADY_EXISTS", "exists"],
    [-68, "SUBIF_ALREADY_EXISTS", "exists"],
    [-73, "INVALID_ARGUMENT", "invalid"],
    [-79, "IF_ALREADY_EXISTS", "exists"],
    [-81, "VALUE_EXIST", "exists"],
    [-116, "ENTRY_ALREADY_EXISTS", "exists"],
    [-119, "BD_ALREADY_EXISTS", "exists"],
    [-120, "BD_IN_USE", "busy"],
    [-165, "EAGAIN", "retry"],
    [-171, "INVALID_PREFIX_LENGTH", "invalid"],
  ])("%d is %s, of class %s", (code, name, meaning) => {
    expect(vnetError(code)).toStrictEqual({ code, name, class: meaning });
  });

  test.each([-22, -158, -5000, 17])("%d has no name, and is kept", (code) => {
    expect(vnetError(code)).toStrictEqual({ code, name: "UNKNOWN", class: "other" });
  });

  test("as an error is data for logs", () => {
    expect(new RetvalError("memif_create", "it", -116).toJSON()).toStrictEqual({
      kind: "rejected",
      message: "memif_create: VPP refused it with ENTRY_ALREADY_EXISTS (-116)",
      operation: "memif_create",
      reason: "ENTRY_ALREADY_EXISTS",
      code: -116,
      details: "entry already exists",
      class: "exists",
    });
  });
});

describe("where the return value stands", () => {
  const codecs = new ApiCodecs(toyApi());
  test.each([
    ["thing_add_reply", 6],
    ["thing_place_reply", 10],
    ["thing_odd_reply", 10],
    ["thing_names_reply", 6],
    ["thing_version_reply", -1],
    ["thing_details", -1],
  ])("%s: %d", (name, at) => {
    expect(retvalOffset(codecs.message(name).unwrap())).toBe(at);
  });

  test.skipIf(releases.length === 0).each(releases)(
    `%s: found in every reply that has one${unlessMissing}`,
    (release) => {
      const model = modelOf(release);
      const all = new ApiCodecs(model);
      const replies = [...model.messages.values()].filter(({ role }) => role === "reply");
      const missed = replies.filter(({ name, fields }) => {
        const has = fields.some((field) => field.name === "retval");
        return (retvalOffset(all.message(name).unwrap()) !== -1) !== has;
      });
      expect(missed.map(({ name }) => name)).toStrictEqual([]);
      expect(replies.length).toBeGreaterThan(500);
    },
  );
});
