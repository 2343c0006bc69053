import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Daemon } from "./daemon.js";
import { makeFolder, removeFolder } from "./folders.js";
import { Installation } from "./programs.js";
import { run } from "./run.js";
import { makeCertificates, type Certificates } from "./tls.js";

/** Where a server can be reached; the unix socket is always there, the others when they were asked for. */
export interface Remotes {
  readonly unix: string;
  readonly tcp?: string;
  readonly tcp6?: string;
  readonly ssl?: string;
}

export interface OvsdbServerOptions {
  /** The schema of a new, empty database: a file, or the schema itself. Default: Open vSwitch's own. */
  readonly schema?: string | object;
  /** A database file to serve as it is, in place of a new one. It is the caller's, and is not removed. */
  readonly database?: string;
  /** What to listen on besides the unix socket, on loopback at a free port, which `remotes` then names. */
  readonly listen?: readonly (keyof Remotes)[];
  /** Whether a client must show a certificate on `ssl`, which is ovsdb-server's default. */
  readonly clientCertificates?: "required" | "none";
  /** More arguments for ovsdb-server. */
  readonly args?: readonly string[];
}

const listeners = { tcp: "ptcp:0:127.0.0.1", tcp6: "ptcp:0:[::1]", ssl: "pssl:0:127.0.0.1" } as const;

/** A real ovsdb-server in a folder of its own. Dispose it, or `stop()` it. */
export class OvsdbServer implements AsyncDisposable {
  /** The private folder: database, sockets, logs. Gone after `stop()`. */
  readonly dir: string;
  readonly installation = Installation.openVSwitch();
  /** The environment in which this instance's programs run: nothing of theirs leaves the folder. */
  readonly env: Readonly<Record<string, string>>;
  /** The certificates, when it listens on `ssl`. */
  certificates: Certificates | undefined;
  readonly #options: OvsdbServerOptions;
  #database: string;
  #remotes: Remotes;
  #daemon: Daemon | undefined;

  constructor(options: OvsdbServerOptions) {
    this.#options = options;
    this.dir = makeFolder();
    this.#database = options.database ?? join(this.dir, "conf.db");
    this.#remotes = { unix: `unix:${join(this.dir, "db.sock")}` };
    this.env = {
      PATH: process.env["PATH"] ?? "",
      LC_ALL: "C",
      OVS_RUNDIR: this.dir,
      OVS_LOGDIR: this.dir,
      OVS_DBDIR: this.dir,
      OVS_SYSCONFDIR: this.dir,
      // Where DPDK puts its runtime files: the first for root, the second for everybody else.
      RUNTIME_DIRECTORY: this.dir,
      XDG_RUNTIME_DIR: this.dir,
    };
  }

  /** The unix socket as a remote, `unix:PATH`. */
  get remote(): string {
    return this.#remotes.unix;
  }

  get remotes(): Remotes {
    return this.#remotes;
  }

  /** The release, such as `3.1.0`. */
  get version(): string {
    return versionIn(this.#running().log());
  }

  /** The process, for signals such as SIGSTOP. */
  get pid(): number {
    return this.#running().pid;
  }

  /** Makes the database and the certificates, and starts the server. */
  async create(): Promise<void> {
    const { schema, database, listen = [] } = this.#options;
    if (listen.includes("ssl")) {
      const folder = join(this.dir, "tls");
      mkdirSync(folder);
      this.certificates = await makeCertificates(folder);
    }
    if (database === undefined) {
      await run(
        this.installation.command("ovsdb-tool"),
        ["create", this.#database, this.#schemaFile(schema)],
        this.env,
      );
    }
    await this.startServer();
  }

  /** Starts the server again after `stopServer` or `killServer`, with the same database and the same ports. */
  async startServer(): Promise<void> {
    if (this.#daemon?.isRunning === true) throw new Error("ovsdb-server runs already");
    const known = Object.values({ ...this.#remotes }).map((remote) => `--remote=${passive(remote)}`);
    this.#daemon = await Daemon.start({
      name: "ovsdb-server",
      command: this.installation.command("ovsdb-server"),
      args: [
        this.#database,
        ...known,
        ...this.#tlsArgs(),
        ...daemonArgs(this.dir, "ovsdb-server"),
        ...(this.#options.args ?? []),
      ],
      env: this.env,
      logFile: join(this.dir, "ovsdb-server.log"),
      ready: /ovsdb-server \(Open vSwitch\)/u,
    });
    for (const kind of ["tcp", "tcp6", "ssl"] as const) {
      if (this.#options.listen?.includes(kind) === true && this.#remotes[kind] === undefined)
        await this.#listen(kind);
    }
  }

  /** Ends the server; the folder and the database stay. */
  async stopServer(): Promise<void> {
    await this.#daemon?.stop();
  }

  /** Ends the server with SIGKILL; the folder and the database stay. */
  async killServer(): Promise<void> {
    await this.#daemon?.kill();
  }

  /** What the server has printed since it was started last. */
  log(): string {
    return this.#daemon?.log() ?? "";
  }

  /** Runs `ovs-appctl` against the server. */
  appctl(...args: readonly string[]): Promise<string> {
    return run(
      this.installation.command("ovs-appctl"),
      ["--timeout=30", "--target", join(this.dir, "ovsdb-server.ctl"), ...args],
      this.env,
    );
  }

  /** Runs `ovsdb-client`; the arguments name the remote, as in `client("dump", server.remote)`. */
  client(...args: readonly string[]): Promise<string> {
    return run(this.installation.command("ovsdb-client"), ["--timeout=30", ...args], this.env);
  }

  /** Ends the server and removes the folder. Does nothing the second time. */
  async stop(): Promise<void> {
    await this.stopServer();
    removeFolder(this.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #running(): Daemon {
    if (this.#daemon === undefined) throw new Error("ovsdb-server has not been started");
    return this.#daemon;
  }

  #schemaFile(schema: string | object | undefined): string {
    if (typeof schema === "object") {
      const file = join(this.dir, "schema.json");
      writeFileSync(file, JSON.stringify(schema));
      return file;
    }
    const file = schema ?? this.installation.schema();
    if (file === undefined) throw new Error(`no vswitch.ovsschema under ${this.installation.root}`);
    return file;
  }

  #tlsArgs(): readonly string[] {
    if (this.certificates === undefined) return [];
    const { authority, server } = this.certificates;
    const trusted = this.#options.clientCertificates === "none" ? "none" : authority;
    return [`--private-key=${server.key}`, `--certificate=${server.certificate}`, `--ca-cert=${trusted}`];
  }

  /** Adds a listener on a free port. One at a time: the log line that tells the port does not tell which listener. */
  async #listen(kind: keyof typeof listeners): Promise<void> {
    const before = this.log().length;
    await this.appctl("ovsdb-server/add-remote", listeners[kind]);
    const port = /listening on port (\d+)/u.exec(this.log().slice(before))?.[1];
    if (port === undefined)
      throw new Error(`ovsdb-server does not listen on ${listeners[kind]}:\n${this.log()}`);
    const host = kind === "tcp6" ? "[::1]" : "127.0.0.1";
    this.#remotes = { ...this.#remotes, [kind]: `${kind === "ssl" ? "ssl" : "tcp"}:${host}:${port}` };
  }
}

/** `unix:PATH` and `tcp:HOST:PORT` as a server is told to listen on them: `punix:PATH`, `ptcp:PORT:HOST`. */
function passive(remote: string): string {
  const [, kind = "", host = "", port = ""] = /^(tcp|ssl):(.*):(\d+)$/u.exec(remote) ?? [];
  return kind === "" ? `p${remote}` : `p${kind}:${port}:${host}`;
}

/** What both daemons are told: keep to the folder, stay in the foreground, print the log, leave the syslog alone. */
export function daemonArgs(dir: string, name: string): readonly string[] {
  const files = [
    `--pidfile=${join(dir, name)}.pid`,
    "--overwrite-pidfile",
    `--unixctl=${join(dir, name)}.ctl`,
  ];
  return [...files, "-vsyslog:off", "-vconsole:info"];
}

/** The release in the line with which a daemon says that it is ready. */
function versionIn(log: string): string {
  return /\(Open vSwitch\) (\S+)/u.exec(log)?.[1] ?? "";
}
