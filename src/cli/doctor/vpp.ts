/** What the core API does not tell of a VPP: its release, and what its interface types need. */
import type { Capabilities, InterfaceType } from "../../index.js";
import type { Finding } from "./finding.js";

/** The types that come with a plugin of VPP, which may not be loaded. */
const pluginTypes: readonly InterfaceType[] = ["memif", "vhost-user", "tap", "af-packet"];

/** Where the plugins of VPP stand. */
export function examineVpp({ interfaceTypes, native }: Capabilities): readonly Finding[] {
  const missing = pluginTypes.filter((type) => !interfaceTypes[type].supported);
  const messages = native["messages"] ?? "an unknown number of";
  const loaded = pluginTypes.filter((type) => interfaceTypes[type].supported);
  const found = `has ${messages} messages; plugins for ${loaded.length === 0 ? "none of our types" : loaded.join(", ")}`;
  return [
    { check: "plugins", status: loaded.length === 0 ? "broken" : "ok", found },
    ...missing.map((type) => missingFinding(type, interfaceTypes[type].why)),
  ];
}

function missingFinding(type: InterfaceType, why: string): Finding {
  const [reason = "", isUnloaded] = why.split(": load it");
  return {
    check: "plugins",
    status: "warning",
    found: `no ${type} interfaces: ${reason}`,
    remedy:
      isUnloaded === undefined
        ? "use a release of vswitch-drivers that knows this VPP's messages, if you need them"
        : "load the plugin in startup.conf, plugins { plugin NAME { enable } }, and restart VPP, if you need them",
  };
}
