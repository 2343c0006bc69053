import { existsSync } from "node:fs";
import * as v from "valibot";
import { checkOptions } from "./core/arguments.js";
import { Deadline, type CallOptions } from "./core/call.js";
import { InvalidError, UnreachableError, type VSwitchError } from "./core/errors.js";
import { defaultOwner, ownerSchema } from "./core/ownership.js";
import { Err, Ok, type Result } from "./core/result.js";
import { validate } from "./core/validate.js";
import { defaultTimeoutMs, type Engine, type VSwitch } from "./core/vswitch.js";
import type { TlsOptions } from "./net/tls.js";

/** Which switch to connect to, and as whom. */
export interface ConnectOptions extends CallOptions {
  /** Default: found from the sockets that are there. */
  readonly engine?: Engine | undefined;
  /**
   * Where the switch listens, in its own syntax: `unix:PATH`, `tcp:HOST:PORT` or `ssl:HOST:PORT`, for Open vSwitch
   * also several with commas between. Default for `ovs`: `unix:$OVS_RUNDIR/db.sock`, with `/var/run/openvswitch` for
   * `OVS_RUNDIR`, as `ovs-vsctl` has it. Default for `vpp`: `unix:/run/vpp/api.sock`.
   */
  readonly remote?: string | undefined;
  /**
   * Whose things this connection makes, changes and deletes: 1 to 32 letters, digits, dots, underscores or hyphens.
   * Programs that share a switch take different ones. Default: `vswitch-drivers`.
   */
  readonly owner?: string | undefined;
  /** For `ssl:` remotes. */
  readonly tls?: TlsOptions | undefined;
  /**
   * `datapath_type` of the bridges that are made (Open vSwitch). Default: `netdev`, the userspace datapath, which
   * DPDK and vhost-user ports need; `system` is the kernel's.
   */
  readonly datapathType?: string | undefined;
}

const path = v.optional(v.string());

const optionsSchema = v.strictObject({
  engine: v.optional(v.picklist(["ovs", "vpp", "memory"])),
  remote: v.optional(
    v.pipe(v.string(), v.minLength(1, "a remote such as unix:/var/run/openvswitch/db.sock")),
  ),
  owner: v.optional(ownerSchema),
  tls: v.optional(
    v.strictObject({
      ca: path,
      cert: path,
      key: path,
      verifyHostName: v.optional(v.boolean()),
      servername: v.optional(v.string()),
    }),
  ),
  datapathType: v.optional(
    v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/u, "a datapath_type such as netdev")),
  ),
});

type Settings = v.InferOutput<typeof optionsSchema>;

/** Where Open vSwitch listens when nobody says otherwise: `OVS_RUNDIR` as in ovs-vsctl(8). */
const ovsSocket = (): string => `${process.env["OVS_RUNDIR"] ?? "/var/run/openvswitch"}/db.sock`;

/** VPP's default since 20.01 and before (`socksvr` of its startup.conf). */
const vppSockets = ["/run/vpp/api.sock", "/run/vpp-api.sock"] as const;

const vppSocket = (): string => vppSockets.find((socket) => existsSync(socket)) ?? vppSockets[0];

/** Where a switch of this host is looked for when nobody names a remote: see {@link ConnectOptions.remote}. */
export const defaultRemote = (engine: "ovs" | "vpp"): string =>
  `unix:${engine === "ovs" ? ovsSocket() : vppSocket()}`;

/** The `datapath_type` of bridges that Open vSwitch is to make when nobody names one. */
export const defaultDatapathType = "netdev";

const operation = "connect";

/** A remote without an engine tells by its name: VPP's API socket is an `api.sock`, Open vSwitch's a `db.sock`. */
function engineOf({ engine, remote }: Settings): Result<Engine, InvalidError | UnreachableError> {
  if (engine !== undefined) return Ok(engine);
  if (remote !== undefined) return Ok(remote.endsWith("api.sock") ? "vpp" : "ovs");
  return findEngine();
}

/** By the sockets that are there. */
function findEngine(): Result<Engine, InvalidError | UnreachableError> {
  const ovs = existsSync(ovsSocket());
  const vpp = vppSockets.find((socket) => existsSync(socket));
  if (ovs && vpp !== undefined) {
    const message = `${operation}: both Open vSwitch (${ovsSocket()}) and VPP (${vpp}) listen here: say which with engine`;
    return Err(
      new InvalidError({ operation, path: "engine", expected: "ovs or vpp", got: "nothing", message }),
    );
  }
  if (ovs) return Ok("ovs");
  if (vpp !== undefined) return Ok("vpp");
  const hint =
    "start Open vSwitch or VPP, set OVS_RUNDIR or remote if its socket is elsewhere, or take engine memory for a trial";
  const address = [ovsSocket(), ...vppSockets].join(", ");
  const message = `${operation}: no switch listens on this host: none of ${address} is there; ${hint}`;
  return Err(new UnreachableError({ operation, address, errno: "ENOENT", hint, message }));
}

/**
 * Connects to the switch of this host, or to the one that `remote` names.
 *
 * Errors: `invalid`; `unreachable` with what to do; `protocol` when something else listens there, or `disconnected` when it
 * hangs up without a word; `rejected`, as by a member of a cluster that has not joined; `not-found` where there is no
 * database Open_vSwitch; `incompatible`; `timeout`; `aborted`.
 *
 * ```ts
 * await using vswitch = (await connect({ engine: "ovs", owner: "lab" })).unwrap();
 * ```
 */
export async function connect(options: ConnectOptions = {}): Promise<Result<VSwitch, VSwitchError>> {
  // A program without types may give anything.
  if (typeof options !== "object" || options === null) {
    const refused = validate(operation, "options", optionsSchema, options);
    return refused.isErr() ? refused : connect();
  }
  const { signal, timeoutMs, ...rest } = options;
  const checked = checkOptions(operation, "call", { signal, timeoutMs });
  if (checked.isErr()) return checked;
  const settings = validate(operation, "options", optionsSchema, rest);
  if (settings.isErr()) return settings;
  const started = Deadline.start(operation, { signal, timeoutMs }, defaultTimeoutMs);
  if (started.isErr()) return started;
  using deadline = started.value;
  const engine = engineOf(settings.value);
  return engine.isErr() ? engine : await open(engine.value, settings.value, deadline);
}

/** Each driver is loaded when it is asked for: a program that uses one does not pay for the others. */
async function open(
  engine: Engine,
  settings: Settings,
  deadline: Deadline,
): Promise<Result<VSwitch, VSwitchError>> {
  const owner = settings.owner ?? defaultOwner;
  switch (engine) {
    case "ovs": {
      const { OvsVSwitch } = await import("./ovs/driver.js");
      const { remote = defaultRemote("ovs"), tls, datapathType = defaultDatapathType } = settings;
      return OvsVSwitch.open({ remote, tls, owner, datapathType }, deadline);
    }
    case "memory": {
      const { MemorySwitch } = await import("./testing/memory.js");
      return Ok(new MemorySwitch().connect({ owner }));
    }
    case "vpp": {
      const { VppVSwitch } = await import("./vpp/driver/driver.js");
      const { remote = defaultRemote("vpp") } = settings;
      return VppVSwitch.open({ remote, owner }, deadline);
    }
  }
}
