/** VPPs that a test starts itself, several at once, each in a folder of its own, gone when the test is. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { connectVpp } from "../../src/vpp/api/connect.js";
import { ApiCodecs } from "../../src/vpp/schema/index.js";
import { modelOf, releases, unlessMissing } from "../vpp/schema/api-files.js";
import { Daemon } from "./openvswitch/daemon.js";
import { makeFolder, removeFolder } from "./openvswitch/folders.js";

const binary = process.env["VPP_BINARY"] ?? "";

/** Whether VPPs can be started here. */
const canStart = binary !== "" && releases.length > 0;

/** What stands behind the name of a skipped suite. */
export const unlessVpp: string = canStart
  ? ""
  : binary === ""
    ? " (skipped: set VPP_BINARY to a vpp that tests may start as root, and LD_LIBRARY_PATH to its libraries)"
    : unlessMissing;

const sharedMemory = "/dev/shm";

export class VppProcess implements AsyncDisposable {
  /** Gone after `stop()`. */
  readonly dir = makeFolder();
  readonly #name = basename(this.dir);
  #daemon: Daemon | undefined;

  static async start(): Promise<VppProcess> {
    const vpp = new VppProcess();
    try {
      // Without it VPP takes huge pages from the whole host; before 20.09 it does not know the words.
      if (!(await vpp.#try(" page-size 4k")) && !(await vpp.#try("")))
        throw new Error(`${binary} did not start; it printed:\n${vpp.#daemon?.log() ?? ""}`);
      return vpp;
    } catch (error) {
      await vpp.stop();
      throw error;
    }
  }

  /** The API socket as a remote, `unix:PATH`. */
  get remote(): string {
    return `unix:${this.#socket}`;
  }

  get #socket(): string {
    return join(this.dir, "api.sock");
  }

  /** What a command of VPP's command line prints. */
  async cli(cmd: string): Promise<string> {
    await using client = (await connectVpp({ remote: this.remote })).unwrap();
    // The same message in every release.
    const codec = new ApiCodecs(modelOf(releases.at(-1) ?? "")).call("cli_inband").unwrap();
    const answer = (await client.call(codec, { cmd }, { timeoutMs: 30_000 })).unwrap();
    return String(answer["reply"]);
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop();
    for (const name of readdirSync(sharedMemory))
      if (name.startsWith(`${this.#name}-`)) rmSync(join(sharedMemory, name), { force: true });
    removeFolder(this.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Starts it; false: it ended at once. */
  async #try(bufferOptions: string): Promise<boolean> {
    const { dir } = this;
    const config = join(dir, "startup.conf");
    const log = join(dir, "vpp.log");
    writeFileSync(
      config,
      `unix { nodaemon log ${log} runtime-dir ${dir} poll-sleep-usec 100 }
       api-segment { prefix ${this.#name} }
       socksvr { socket-name ${this.#socket} }
       statseg { socket-name ${join(dir, "stats.sock")} }
       buffers { buffers-per-numa 4096${bufferOptions} }`,
    );
    const { PATH = "", LD_LIBRARY_PATH = "" } = process.env;
    const daemon = await Daemon.start({
      name: "vpp",
      command: { file: binary, args: [] },
      args: ["-c", config],
      env: { PATH, LD_LIBRARY_PATH },
      logFile: join(dir, "out.log"),
      // It says nothing when all is well: its socket tells.
      ready: /(?:)/u,
    });
    this.#daemon = daemon;
    for (let waited = 0; waited < 15_000 && daemon.isRunning; waited += 20) {
      if (existsSync(this.#socket)) return true;
      await delay(20);
    }
    await daemon.stop();
    return false;
  }
}
