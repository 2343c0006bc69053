import type { Argv } from "yargs";
import { Ok, type CallOptions, type ConnectOptions, type Engine } from "../../index.js";
import { clock, connect, connectOptions } from "../connection.js";
import { failure, findingLines, type Finding } from "../doctor/finding.js";
import { examineSocket } from "../doctor/socket.js";
import { examineSwitch } from "../doctor/switch.js";
import type { GlobalOptions } from "../globals.js";
import type { Action, Choose, Environment } from "../program.js";

/** What was not checked, so that silence is not taken for health. */
const limits: Readonly<Record<Engine, string>> = {
  ovs: "",
  vpp: "whether VPP forwards packets was not checked",
  memory: "the in-memory switch is part of this program: there is nothing behind it to check",
};

/** The remote that `connect` takes when none is given: for Open vSwitch as ovs-vsctl(8) has it. */
const defaultRemote = (env: Environment["env"], engine: Engine | undefined): string =>
  engine === "vpp" ? "unix:/run/vpp/api.sock" : `unix:${env["OVS_RUNDIR"] ?? "/var/run/openvswitch"}/db.sock`;

async function examine(
  environment: Environment,
  options: ConnectOptions,
  call: () => CallOptions,
): Promise<readonly Finding[]> {
  const remote = options.remote ?? defaultRemote(environment.env, options.engine);
  const findings: Finding[] = options.engine === "memory" ? [] : [...(await examineSocket(remote))];
  const connected = await connect(environment, call());
  if (connected.isErr()) return [...findings, failure("connection", connected.error)];
  await using vswitch = connected.value;
  findings.push({ check: "connection", status: "ok", found: "the switch answers" });
  if (vswitch.engine === "ovs") {
    const { examineOpenVSwitch } = await import("../doctor/open-vswitch.js");
    const ask = environment.globals.noWait !== true;
    findings.push(...(await examineOpenVSwitch({ remote, tls: options.tls }, ask, call())));
  }
  if (vswitch.engine === "vpp") {
    const { examineVpp } = await import("../doctor/vpp.js");
    const able = await vswitch.capabilities(call());
    if (able.isOk()) findings.push(...examineVpp(able.value));
  }
  findings.push(...(await examineSwitch(vswitch, call)));
  const limit = limits[vswitch.engine];
  return limit === "" ? findings : [...findings, { check: "limits", status: "ok", found: limit }];
}

const doctor: Action = async (environment) => {
  const call = clock(environment);
  const findings = await examine(environment, connectOptions(environment, call()), call);
  const broken = findings.filter(({ status }) => status === "broken").length;
  return Ok({
    data: { healthy: broken === 0, findings },
    text: (style) => findingLines(findings, style),
    failed: broken > 0,
  });
};

/** `vswitch doctor`: what is wrong, and what to do about it. */
export const doctorCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "doctor",
    "check that the switch is there, answers and can do its work, and tell what to do about what is wrong",
    (y) => y,
    (args) => choose(args, doctor),
  );
