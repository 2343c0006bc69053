import { defaultDatapathType, defaultRemote } from "../../index.js";
import type { Invocation } from "../environment.js";
import type { Loaded } from "../netconf/load.js";
import { layoutOf } from "../paths.js";
import { planAttachment, type SwitchAddress } from "../plan.js";
import { noAddressing } from "../result.js";
import { defaultStateDir } from "../state/store.js";

/** `explain`: what an ADD with this configuration would do, and every default in it. Does nothing. */
export function explain(invocation: Invocation, loaded: Loaded): Record<string, unknown> {
  const plan = planAttachment(loaded, invocation);
  const [name] = plan.names;
  const { conf } = loaded;
  return {
    cniVersion: loaded.version,
    network: plan.network,
    defaults: plan.defaults.map(({ key, value, why }) => ({ key, value, why })),
    switch: found(plan.address),
    interface: plan.spec(name),
    socket: plan.socket(name),
    directories: layoutOf(conf, plan.ends.host.iftype, invocation),
    stateDir: conf.stateDir ?? defaultStateDir,
    container: plan.handover(name, noAddressing),
  };
}

/** Where the switch is looked for. */
const found = ({ engine, remote, datapathType }: SwitchAddress): Record<string, unknown> => ({
  engine,
  ...(engine !== "memory" && { remote: remote ?? defaultRemote(engine) }),
  ...(engine === "ovs" && { datapathType: datapathType ?? defaultDatapathType }),
});
