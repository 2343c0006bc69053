import { describe } from "vitest";
import { availableFlavours } from "../support/openvswitch.js";
import { internal, ovsTarget, patch, takenTunnel, tunnel } from "./ovs-target.js";
import { describeConformance } from "./suite.js";

const { dummy } = availableFlavours();

describe.skipIf(!dummy.available)(`with the dummy datapath${dummy.note}`, () => {
  describeConformance(
    "Open vSwitch",
    ovsTarget("dummy", () => [internal, patch, tunnel], takenTunnel),
  );
});
