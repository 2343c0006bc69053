/**
 * The promises of the core API, by example. Written once; run over every engine, so that a user can change the engine
 * and nothing else.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { attachmentTests } from "./attachment.js";
import { badInputTests } from "./bad-input.js";
import { Bench } from "./bench.js";
import { bridgeTests } from "./bridges.js";
import { cancellationTests } from "./cancellation.js";
import { capabilityTests } from "./capabilities.js";
import { closeTests } from "./close.js";
import { garbageTests } from "./garbage.js";
import { interfaceTests } from "./interfaces.js";
import { ownershipTests } from "./ownership.js";
import { raceTests } from "./races.js";
import { refusalTests } from "./refusal.js";
import type { ConformanceTarget } from "./target.js";
import { watchTests } from "./watch.js";

/** Runs the suite over a target; call it at the top of a test file. */
export function describeConformance(name: string, target: ConformanceTarget): void {
  describe(`the core API over ${name}`, () => {
    const bench = new Bench(target);
    beforeAll(() => target.start());
    afterAll(() => target.stop());
    beforeEach(() => bench.begin());
    afterEach(() => bench.end());

    describe("interfaces", () => {
      interfaceTests(bench);
    });
    describe("attachments", () => {
      attachmentTests(bench);
    });
    describe("bridges", () => {
      bridgeTests(bench);
    });
    describe("ownership", () => {
      ownershipTests(bench);
    });
    describe("collecting garbage", () => {
      garbageTests(bench);
    });
    describe("capabilities", () => {
      capabilityTests(bench);
    });
    describe("bad input", () => {
      badInputTests(bench);
    });
    describe("a switch that refuses", () => {
      refusalTests(bench);
    });
    describe("giving up", () => {
      cancellationTests(bench);
    });
    describe("several at once", () => {
      raceTests(bench);
    });
    describe("watching", () => {
      watchTests(bench);
    });
    describe("the end of a connection", () => {
      closeTests(bench);
    });
  });
}
