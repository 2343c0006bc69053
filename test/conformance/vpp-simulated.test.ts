import { describe } from "vitest";

import { releases, unlessMissing } from "../vpp/schema/api-files.js";
import { describeConformance } from "./suite.js";
import { simulatedTarget } from "./vpp-target.js";

describe.skipIf(releases.length === 0)(`one driver for every release${unlessMissing}`, () => {
  for (const release of releases) {
    describeConformance(`a simulated VPP ${release}`, simulatedTarget(release));
  }
});
