/** What the core API does not tell of an Open vSwitch: whether its parts are there and answer. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Deadline } from "../../core/call.js";
import type { CallOptions, TlsOptions } from "../../index.js";
import { applied, readConfiguration } from "../../ovs/applied.js";
import { mutate, select } from "../../ovs/database.js";
import type { RootRow } from "../../ovs/rows.js";
import { Session } from "../../ovs/session.js";
import { vhostSocketDirectory } from "../../ovs/vhost-sockets.js";
import { failure, type Finding } from "./finding.js";
import { pathOf } from "./socket.js";

/** How long ovs-vswitchd may take to answer: a switch with many ports needs seconds to go through its configuration. */
const answerMs = 5000;

const operation = "doctor";

interface Place {
  readonly remote: string;
  readonly tls?: TlsOptions | undefined;
}

/** Looks closer at the Open vSwitch of a remote that has answered. `ask`: whether vswitchd is made to answer. */
export async function examineOpenVSwitch(
  place: Place,
  ask: boolean,
  call: CallOptions,
): Promise<readonly Finding[]> {
  const started = Deadline.start(operation, call, answerMs);
  if (started.isErr()) return [failure("database", started.error)];
  using deadline = started.value;
  const opened = await Session.open(place, deadline);
  if (opened.isErr()) return [failure("database", opened.error)];
  const session = opened.value;
  try {
    const { root } = session;
    if (root === undefined) return [uninitialised];
    const found: Finding[] = [
      databaseFinding(root, session),
      await examineVswitchd(session, root, { place, ask, deadline, signal: call.signal }),
    ];
    return [...found, ...dpdkFindings(root), ...(await vhostFindings(root, place))];
  } finally {
    await session.close();
  }
}

const uninitialised: Finding = {
  check: "database",
  status: "warning",
  found: "the database is empty: table Open_vSwitch has no row, so no ovs-vswitchd has been started on it",
  remedy: "start ovs-vswitchd by its service; `ovs-vsctl --no-wait init` makes the row alone",
};

function databaseFinding({ ovs_version }: RootRow, { client }: Session): Finding {
  const version = ovs_version === null ? "of an unknown version" : ovs_version;
  const found = `Open vSwitch ${version}, schema ${client.schema.version}`;
  return { check: "database", status: "ok", found };
}

interface Asking {
  readonly place: Place;
  readonly ask: boolean;
  readonly deadline: Deadline;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Whether ovs-vswitchd applies what the database says. Equal numbers prove nothing, for they stay when it dies. So a
 * new one is given, as ovs-vsctl does with every change: that changes nothing of the configuration.
 */
async function examineVswitchd(session: Session, root: RootRow, asking: Asking): Promise<Finding> {
  const { ask, deadline, place, signal } = asking;
  const check = "vswitchd";
  const read = await readConfiguration(session, deadline);
  if (read.isErr()) return failure(check, read.error);
  const { next_cfg, cur_cfg } = read.value ?? { next_cfg: 0, cur_cfg: 0 };
  let wanted = next_cfg;
  if (cur_cfg >= wanted && !ask) {
    const found = `has applied configuration ${cur_cfg}, the last one; it was not asked for a sign of life`;
    return { check, status: "ok", found, remedy: "leave out --no-wait to ask it" };
  }
  if (cur_cfg >= wanted) {
    const here = [["_uuid", "==", root._uuid]] as const;
    const numbered = await session.write(
      [mutate("Open_vSwitch", here, [["next_cfg", "+=", 1]]), select("Open_vSwitch", here, ["next_cfg"])],
      deadline,
    );
    if (numbered.isErr()) return failure(check, numbered.error);
    const number = numbered.value.at(-1)?.rows?.[0]?.["next_cfg"];
    if (typeof number === "number" || typeof number === "bigint") wanted = number;
  }
  // Half of what is left: other checks follow.
  const timeoutMs = Math.min(answerMs, Math.ceil(deadline.remainingMs() / 2));
  const started = Deadline.start(operation, { signal, timeoutMs }, answerMs);
  if (started.isErr()) return failure(check, started.error);
  using patience = started.value;
  const done = await applied(session, wanted, patience);
  if (done.isOk()) return { check, status: "ok", found: `answers: it has applied configuration ${wanted}` };
  if (done.error.kind !== "timeout") return failure(check, done.error);
  const now = await readConfiguration(session, deadline);
  const current = now.isOk() && now.value !== undefined ? now.value.cur_cfg : cur_cfg;
  const found = `does not answer: configuration ${wanted} is asked for, ${current} is applied`;
  return { check, status: "broken", found, ...(await silence(root, place)) };
}

/** What is known of an ovs-vswitchd that does not answer, and what to do. */
async function silence(root: RootRow, { remote }: Place): Promise<Pick<Finding, "remedy">> {
  const path = pathOf(remote);
  const directory = root.external_ids.get("rundir") ?? (path === undefined ? undefined : dirname(path));
  const start = "start ovs-vswitchd (Debian: systemctl start openvswitch-switch)";
  if (directory === undefined) return { remedy: `is it running on that host? ${start}` };
  const pidFile = join(directory, "ovs-vswitchd.pid");
  const pid = Number.parseInt(await readFile(pidFile, "utf8").catch(() => ""), 10);
  if (!(pid > 0)) return { remedy: `${pidFile} is not there, so it does not run: ${start}` };
  if (!isAlive(pid)) return { remedy: `process ${pid} of ${pidFile} has ended: ${start}` };
  return {
    remedy: `process ${pid} of ${pidFile} is there: it hangs or is busy; look at ovs-vswitchd.log, and give it more time with -t`,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether DPDK is there, as far as it was asked for. */
export function dpdkFindings(
  root: Pick<RootRow, "dpdk_initialized" | "dpdk_version" | "other_config">,
): readonly Finding[] {
  const check = "dpdk";
  const init = root.other_config.get("dpdk-init") ?? "false";
  if (root.dpdk_initialized)
    return [{ check, status: "ok", found: `${root.dpdk_version ?? "DPDK"} is initialised` }];
  if (init === "false") {
    return [
      {
        check,
        status: "warning",
        found: "DPDK is not asked for: no vhost-user, memif or dpdk interfaces",
        remedy:
          "if you need them: install the DPDK build of ovs-vswitchd (Debian: openvswitch-switch-dpdk), `ovs-vsctl set Open_vSwitch . other_config:dpdk-init=true`, and restart ovs-vswitchd",
      },
    ];
  }
  return [
    {
      check,
      status: init === "try" ? "warning" : "broken",
      found: `other_config:dpdk-init is ${init}, and DPDK is not initialised`,
      remedy:
        "look for dpdk and EAL in ovs-vswitchd.log: is it the DPDK build, are there huge pages, is dpdk-extra right? Then restart ovs-vswitchd",
    },
  ];
}

/** Whether the folder is there in which vswitchd makes the sockets of vhost-user servers. */
async function vhostFindings(root: RootRow, { remote }: Place): Promise<readonly Finding[]> {
  const directory = vhostSocketDirectory(root, remote);
  if (!root.dpdk_initialized || directory === null || pathOf(remote) === undefined) return [];
  const check = "vhost-user";
  const isThere = await stat(directory).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (isThere) return [{ check, status: "ok", found: `sockets of servers are made in ${directory}` }];
  return [
    {
      check,
      status: "broken",
      found: `sockets of servers are to be made in ${directory}, which is not there`,
      remedy: `\`mkdir -p ${directory}\`, or set other_config:vhost-sock-dir`,
    },
  ];
}
