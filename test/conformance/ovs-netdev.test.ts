import { describe } from "vitest";
import { availableFlavours } from "../support/openvswitch.js";
import { internal, ovsTarget, patch, takenTunnel, tap, tunnel } from "./ovs-target.js";
import { describeConformance } from "./suite.js";

const { netdev } = availableFlavours();

describe.skipIf(!netdev.available)(`with the userspace datapath${netdev.note}`, () => {
  describeConformance(
    "Open vSwitch",
    ovsTarget("netdev", () => [internal, tap, patch, tunnel], takenTunnel),
  );
});
