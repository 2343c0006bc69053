import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "./daemon.js";
import { makeFolder, removeFolder } from "./folders.js";
import { daemonArgs } from "./ovsdb-server.js";
import { Installation } from "./programs.js";
import { run } from "./run.js";

export interface OvsdbClusterOptions {
  /** The schema: a file, or the schema itself. */
  readonly schema: string | { readonly name: string };
  /** The name of the schema's database; needed where the schema is a file. */
  readonly database?: string;
  /** How many members. Default: 3. */
  readonly members?: number;
  /** After how long without a leader a new one is elected, in ms; 100 to 600000. Default: 1000. */
  readonly electionMs?: number;
  /** Makes a member listen on more, such as `ptcp:0:127.0.0.1`. */
  readonly args?: readonly string[];
}

const patienceMs = 30_000;

/** One ovsdb-server of a cluster. Its files stay when it is stopped or killed. */
export class ClusterMember {
  /** Its name, such as `s1`. */
  readonly name: string;
  /** The unix socket as a remote. */
  readonly remote: string;
  readonly #dir: string;
  readonly #args: readonly string[];
  readonly #database: string;
  readonly #env: Readonly<Record<string, string>>;
  #daemon: Daemon | undefined;

  constructor(name: string, dir: string, database: string, args: readonly string[]) {
    this.name = name;
    this.#dir = dir;
    this.#database = database;
    this.#args = args;
    this.remote = `unix:${join(dir, "db.sock")}`;
    this.#env = environment(dir);
  }

  get isRunning(): boolean {
    return this.#daemon?.isRunning === true;
  }

  /** The process, for signals such as SIGSTOP. */
  get pid(): number {
    if (this.#daemon === undefined) throw new Error(`${this.name} has not been started`);
    return this.#daemon.pid;
  }

  /** Starts the server, or starts it again. */
  async start(): Promise<void> {
    this.#daemon = await Daemon.start({
      name: `ovsdb-server ${this.name}`,
      command: Installation.openVSwitch().command("ovsdb-server"),
      args: [
        join(this.#dir, "raft.db"),
        `--remote=p${this.remote}`,
        ...daemonArgs(this.#dir, "ovsdb-server"),
        ...this.#args,
      ],
      env: this.#env,
      logFile: join(this.#dir, "ovsdb-server.log"),
      ready: /ovsdb-server \(Open vSwitch\)/u,
    });
  }

  /** Ends it in good order: a leader hands over first. */
  async stop(): Promise<void> {
    await this.#daemon?.stop();
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    await this.#daemon?.kill();
  }

  log(): string {
    return this.#daemon?.log() ?? "";
  }

  /** Has it listen on tcp too, at a free port of loopback, until it ends. Gives the remote. */
  async listenOnTcp(): Promise<string> {
    const before = this.log().length;
    await this.appctl("ovsdb-server/add-remote", "ptcp:0:127.0.0.1");
    const port = (await this.#daemon?.waitFor(/listening on port (\d+)/u, before))?.[1];
    return `tcp:127.0.0.1:${port ?? ""}`;
  }

  /** Runs `ovs-appctl` against it. */
  appctl(...args: readonly string[]): Promise<string> {
    const target = join(this.#dir, "ovsdb-server.ctl");
    const command = Installation.openVSwitch().command("ovs-appctl");
    return run(command, ["--timeout=10", "--target", target, ...args], this.#env);
  }

  /** What it says of itself: `leader`, `follower` or `candidate`; empty while it does not run or has not joined. */
  async role(): Promise<string> {
    if (!this.isRunning) return "";
    const status = await this.appctl("cluster/status", this.#database).catch(() => "");
    return /^Status: cluster member$/mu.test(status) ? (/^Role: (\w+)$/mu.exec(status)?.[1] ?? "") : "";
  }
}

/** A database served by several ovsdb-servers on unix sockets, in a folder of its own. Dispose it, or `stop()` it. */
export class OvsdbCluster implements AsyncDisposable {
  /** The private folder. Gone after `stop()`. */
  readonly dir: string;
  readonly #options: OvsdbClusterOptions;
  readonly #database: string;
  readonly #members: ClusterMember[] = [];

  constructor(options: OvsdbClusterOptions) {
    this.#options = options;
    const { schema } = options;
    const database = options.database ?? (typeof schema === "string" ? undefined : schema.name);
    if (database === undefined) throw new Error("say what the schema's database is called");
    this.#database = database;
    this.dir = makeFolder();
  }

  get members(): readonly ClusterMember[] {
    return this.#members;
  }

  /** All members, as one list of remotes. */
  get remote(): string {
    return this.#members.map(({ remote }) => remote).join(",");
  }

  /** Makes the cluster and waits until all of its members have joined. */
  async create(): Promise<void> {
    const { members = 3, electionMs = 1000, args = [] } = this.#options;
    const tool = Installation.openVSwitch().command("ovsdb-tool");
    const addresses = Array.from({ length: members }, (_, at) => `unix:${join(this.dir, `${at + 1}.raft`)}`);
    for (const [at, address] of addresses.entries()) {
      const dir = join(this.dir, `${at + 1}`);
      mkdirSync(dir);
      const file = join(dir, "raft.db");
      const [first = ""] = addresses;
      await run(
        tool,
        at === 0
          ? [`--election-timer=${electionMs}`, "create-cluster", file, this.#schemaFile(), address]
          : ["join-cluster", file, this.#database, address, first],
        environment(dir),
      );
      const member = new ClusterMember(`s${at + 1}`, dir, this.#database, args);
      this.#members.push(member);
      await member.start();
      await until(`${member.name} has joined`, async () => (await member.role()) !== "");
    }
  }

  /** The leader, once there is one. */
  leader(): Promise<ClusterMember> {
    return until("the cluster has a leader", async () => {
      for (const member of this.#members) if ((await member.role()) === "leader") return member;
      return undefined;
    });
  }

  /** The members that run and do not lead. */
  async followers(): Promise<readonly ClusterMember[]> {
    const leader = await this.leader();
    return this.#members.filter((member) => member !== leader && member.isRunning);
  }

  /** The rows of all tables as a member has them, as `ovsdb-client dump` prints them in JSON. */
  dump(member: ClusterMember): Promise<string> {
    const command = Installation.openVSwitch().command("ovsdb-client");
    return run(
      command,
      ["--timeout=30", "-f", "json", "dump", member.remote, this.#database],
      environment(this.dir),
    );
  }

  /** Ends all members and removes the folder. Does nothing the second time. */
  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()));
    removeFolder(this.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #schemaFile(): string {
    const { schema } = this.#options;
    if (typeof schema === "string") return schema;
    const file = join(this.dir, "schema.json");
    writeFileSync(file, JSON.stringify(schema));
    return file;
  }
}

function environment(dir: string): Readonly<Record<string, string>> {
  const folders = { OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir, OVS_SYSCONFDIR: dir };
  return { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...folders };
}

/** Asks until there is an answer. */
async function until<T>(what: string, ask: () => Promise<T | false | undefined>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
    await delay(20);
  }
}
