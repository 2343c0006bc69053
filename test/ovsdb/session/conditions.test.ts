/** Which conditions hold, are under way and are to come. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Conditions } from "../../../src/ovsdb/session/conditions.js";

const make = () => new Conditions(new Map([["A", "all"]]));

describe("the conditions of a session", () => {
  it("are asked for one change at a time; what is set meanwhile comes after", () => {
    const conditions = make();
    const first = conditions.set("A", "none");
    expect(conditions.isDue).toBe(true);
    expect(conditions.request()).toEqual(new Map([["A", "none"]]));
    const second = conditions.set("A", ["later"]);
    expect(conditions.isDue).toBe(false);
    conditions.held();
    expect(conditions.heldNumber).toBe(first);
    expect(conditions.isDue).toBe(true);
    expect(conditions.request()).toEqual(new Map([["A", ["later"]]]));
    conditions.held();
    expect(conditions.heldNumber).toBe(second);
    expect(conditions.isDue).toBe(false);
  });

  it("that are refused leave those that held", () => {
    const conditions = make();
    const number = conditions.set("A", ["bad"]);
    conditions.request();
    conditions.refused();
    expect(conditions.heldNumber).toBe(number);
    expect(conditions.forMonitor("from-last")).toEqual(new Map([["A", "all"]]));
  });

  it("that were under way at a loss are asked for again, unless newer ones were set", () => {
    const conditions = make();
    conditions.set("A", ["one"]);
    conditions.request();
    expect(conditions.disconnected()).toBe(true);
    expect(conditions.isDue).toBe(true);
    expect(conditions.forMonitor("anew")).toEqual(new Map([["A", ["one"]]]));
    conditions.set("A", ["two"]);
    expect(conditions.disconnected()).toBe(true);
    expect(conditions.forMonitor("anew")).toEqual(new Map([["A", ["two"]]]));
    conditions.held();
    expect(conditions.disconnected()).toBe(false);
  });

  it("of a monitor that goes on from a transaction are those by which the rows were read", () => {
    const conditions = make();
    const number = conditions.set("A", "none");
    expect(conditions.forMonitor("from-last")).toEqual(new Map([["A", "all"]]));
    conditions.held();
    expect(conditions.heldNumber).toBeLessThan(number);
    expect(conditions.isDue).toBe(true);
  });

  it("come to those that were set last, whatever happens in between, and every change is settled", () => {
    const step = fc.constantFrom("set A", "set B", "request", "held", "refused", "lose", "anew", "from-last");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const conditions = make();
        const wanted = new Map<string, readonly unknown[] | "all">([["A", "all"]]);
        let set = 0;
        let isUnderWay = false;
        let underWay: ReadonlyMap<string, unknown> = new Map();
        for (const each of steps) {
          if (each === "set A" || each === "set B") {
            const where = [set];
            wanted.set(each.slice(-1), where);
            set = conditions.set(each.slice(-1), where);
          } else if (each === "request" && conditions.isDue && !isUnderWay) {
            underWay = conditions.request();
            isUnderWay = true;
          } else if (each === "held" && isUnderWay) {
            conditions.held();
            isUnderWay = false;
          } else if (each === "refused" && isUnderWay) {
            conditions.refused();
            isUnderWay = false;
            for (const [table, where] of underWay) if (wanted.get(table) === where) wanted.delete(table);
          } else if (each === "lose") {
            conditions.disconnected();
            isUnderWay = false;
          } else if (each === "anew" && !isUnderWay) {
            underWay = conditions.forMonitor("anew");
            isUnderWay = true;
          } else if (each === "from-last" && !isUnderWay) {
            underWay = new Map();
            conditions.forMonitor("from-last");
            isUnderWay = true;
          }
        }
        if (isUnderWay) conditions.held();
        while (conditions.isDue) {
          conditions.request();
          conditions.held();
        }
        expect(conditions.heldNumber).toBe(set);
        const held = conditions.forMonitor("from-last");
        for (const [table, where] of wanted) expect(held.get(table)).toBe(where);
      }),
    );
  });
});
