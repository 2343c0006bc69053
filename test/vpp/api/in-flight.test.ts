import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Exchange } from "../../../src/vpp/api/exchange.js";
import { InFlight } from "../../../src/vpp/api/in-flight.js";

class Idle extends Exchange {
  write(): undefined {
    return undefined;
  }

  receive(): boolean {
    return true;
  }

  fail(): void {
    throw new Error("nobody fails it");
  }
}

test("each of any number of exchanges is found by its own context until it is over, in whatever order", () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, fc.nat()), { maxLength: 900 });
  fc.assert(
    fc.property(steps, (numbers) => {
      const inFlight = new InFlight(256);
      const present: Exchange[] = [];
      for (const number of numbers) {
        let over: Exchange | undefined;
        if (number === -1) {
          const exchange = new Idle("idle", 1000);
          inFlight.add(exchange);
          present.push(exchange);
        } else {
          [over] = present.splice(number % Math.max(1, present.length), 1);
          if (over !== undefined) inFlight.remove(over);
        }
        expect(inFlight.find(over?.context ?? 0)).toBeUndefined();
        expect(inFlight.size).toBe(present.length);
        expect(inFlight.isFull).toBe(present.length >= 256);
      }
      expect(new Set(inFlight)).toEqual(new Set(present));
      for (const exchange of present) expect(inFlight.find(exchange.context)).toBe(exchange);
    }),
    { numRuns: 50 },
  );
});
