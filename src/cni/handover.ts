import { posix } from "node:path";
import {
  handoverFile,
  oldAddDataFile,
  oldConfigurationFile,
  oldRemoteFile,
  statusFile,
  type Handover,
  type OldConfigurationData,
  type OldEnd,
} from "../handover/index.js";
import { fromIo } from "./errors.js";
import type { Plan } from "./plan.js";
import { writeResult, type Addressing } from "./result.js";
import { draft, publish, temporaryOf, type Draft } from "./state/files.js";
import type { CniVersion } from "./versions.js";

/** The container's end in the old keys. */
function oldEnd({ ends: { host, container } }: Plan, { interface: end, ...rest }: Handover): OldEnd {
  const socketfile = posix.basename(end.socket);
  const { bridge } = rest;
  const id = Number(bridge?.name);
  return {
    engine: container.engine,
    iftype: host.iftype,
    netType: container.netType,
    memif: end.type === "memif" ? { role: end.role, mode: end.mode, socketfile } : {},
    vhost: end.type === "vhost-user" ? { mode: end.mode, socketfile } : {},
    bridge:
      bridge === undefined
        ? {}
        : {
            bridgeName: bridge.name,
            ...(Number.isInteger(id) && id > 0 && { bridgeId: id }),
            ...(bridge.vlan !== undefined && { vlanId: bridge.vlan }),
          },
  };
}

/** The document of v1.3 and later, in a file or as a member of the pod's annotation. */
export function oldConfigurationData(
  plan: Plan,
  handover: Handover,
  addressing: Addressing,
): OldConfigurationData {
  return {
    containerId: plan.id.containerId,
    ifName: plan.id.ifName,
    name: plan.network,
    config: oldEnd(plan, handover),
    ipResult: ipResult(addressing),
  };
}

const ipResult = (addressing: Addressing): OldConfigurationData["ipResult"] => {
  const form = writeResult({ interfaces: [], ...addressing }, "0.3.1");
  return { cniVersion: "0.3.1", dns: {}, ...form };
};

/** The two documents of the first release, which its containers take and delete. */
function firstForms(plan: Plan, handover: Handover, version: CniVersion, addressing: Addressing) {
  const nothing: OldEnd = { memif: {}, vhost: {}, bridge: {} };
  const remote = {
    cniVersion: version,
    type: "userspace",
    ipam: {},
    dns: {},
    name: plan.network,
    host: oldEnd(plan, handover),
    container: nothing,
  };
  const { containerId, ifName } = plan.id;
  return { remote, addData: { containerId, ifName, ipResult: ipResult(addressing) } };
}

/** Every file that the hand-over may have left, also from the container's side. */
export function handoverFiles({ layout: { dataDir }, id }: Plan): readonly string[] {
  const { containerId, ifName } = id;
  const written = [
    handoverFile(ifName),
    oldRemoteFile(ifName),
    oldAddDataFile(ifName),
    oldConfigurationFile(containerId, ifName),
  ].map((name) => posix.join(dataDir, name));
  return [posix.join(dataDir, statusFile(ifName)), ...written, ...written.map(temporaryOf)];
}

interface Told {
  readonly handover: Handover;
  readonly addressing: Addressing;
  readonly version: CniVersion;
}

/** What the container is told, written and not yet to be seen. */
export type HandoverDraft = readonly Draft[];

/** Writes what the container is told beside its place: the new form, and the old ones that containers of then look for. */
export function draftHandover(plan: Plan, { handover, addressing, version }: Told): HandoverDraft {
  const { dataDir } = plan.layout;
  const { containerId, ifName } = plan.id;
  const { remote, addData } = firstForms(plan, handover, version, addressing);
  const documents: readonly (readonly [string, unknown])[] = [
    [handoverFile(ifName), handover],
    [oldConfigurationFile(containerId, ifName), oldConfigurationData(plan, handover, addressing)],
    // Its reader takes the first remote- file that it sees: the other one has to be there by then.
    [oldAddDataFile(ifName), addData],
    [oldRemoteFile(ifName), remote],
  ];
  return inData(plan, () =>
    documents.map(([name, document]) =>
      draft(posix.join(dataDir, name), `${JSON.stringify(document)}\n`, 0o644),
    ),
  );
}

/** Lets the container see it. */
export const publishHandover = (plan: Plan, drafts: HandoverDraft): void =>
  inData(plan, () => drafts.forEach(publish));

function inData<T>({ layout: { dataDir } }: Plan, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromIo(`write the container's data in ${dataDir}`, error);
  }
}
