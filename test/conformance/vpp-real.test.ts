import { describe } from "vitest";

import { realVpp, unlessReal } from "../support/vpp-real.js";
import { describeConformance } from "./suite.js";
import { vppTarget } from "./vpp-target.js";

describe.skipIf(realVpp === undefined)(`a real VPP${unlessReal}`, () => {
  const { remote = "" } = realVpp ?? {};
  describeConformance(
    `the VPP at ${remote}`,
    vppTarget({ start: async () => remote, stop: async () => undefined }),
  );
});
