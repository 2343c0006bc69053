import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** How a program is started: the file to execute and the arguments that come before the program's own. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

// Debian keeps its two builds of ovs-vswitchd here; /usr/sbin/ovs-vswitchd is whichever the administrator chose.
const ownFolder: Readonly<Record<string, string>> = {
  "ovs-vswitchd": "usr/lib/openvswitch-switch/ovs-vswitchd",
  "ovs-vswitchd-dpdk": "usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk",
};

/**
 * The files of one machine or of one unpacked release: where a program, the schema or a DPDK driver is, if it is
 * there at all.
 */
export class Installation {
  /** The folder that holds `usr`; `/` for the machine itself. */
  readonly root: string;
  readonly #folders: readonly string[];

  /** With a `path` (as in `$PATH`) its folders are searched before the usual ones. */
  constructor(root: string, path = "") {
    this.root = root;
    // An ordinary user's PATH lacks the sbin folders, and the servers are there.
    const usual = ["usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(root, folder));
    this.#folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...usual];
  }

  /** The machine's own programs. */
  static system(): Installation {
    return new Installation("/", process.env["PATH"]);
  }

  /** Open vSwitch as the tests use it: `VSWITCH_TEST_OVS_ROOT`, a folder of unpacked packages, or the system's. */
  static openVSwitch(): Installation {
    const root = process.env["VSWITCH_TEST_OVS_ROOT"];
    return root === undefined || root === "" ? Installation.system() : new Installation(root);
  }

  /** The program's file. */
  find(program: string): string | undefined {
    const own = ownFolder[program];
    const candidates = this.#folders.map((folder) => join(folder, program));
    if (own !== undefined) candidates.unshift(join(this.root, own));
    return candidates.find((file) => isAccessible(file, constants.X_OK));
  }

  /** How to start the program; throws when it is not there. */
  command(program: string): Command {
    const file = this.find(program);
    if (file === undefined) throw new Error(`${program} is not installed under ${this.root}`);
    if (this.root === "/") return { file, args: [] };
    // A program of another release wants its own libc, and that libc's own loader.
    const folders = this.#libraryFolders();
    const loader = folders.flatMap((folder) => list(folder, /^ld-linux.*\.so\.\d+$/u))[0];
    if (loader === undefined) throw new Error(`no dynamic loader under ${this.root}: unpack libc6 there too`);
    return { file: loader, args: ["--library-path", folders.join(":"), file] };
  }

  /** The schema of the Open_vSwitch database that belongs to this release. */
  schema(): string | undefined {
    const file = join(this.root, "usr/share/openvswitch/vswitch.ovsschema");
    return isAccessible(file, constants.R_OK) ? file : undefined;
  }

  /** DPDK's folder of drivers, such as `/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0`. */
  driverFolder(): string | undefined {
    return this.#libraryFolders().flatMap((folder) => list(join(folder, "dpdk"), /^pmds-/u))[0];
  }

  /** The ABI of those drivers, such as 23 for DPDK 22.11; 0 when there are none. */
  driverAbi(): number {
    return Number(/pmds-(\d+)/u.exec(this.driverFolder() ?? "")?.[1] ?? 0);
  }

  /** Whether DPDK has this driver, such as `mempool_ring`. */
  hasDriver(driver: string): boolean {
    const folder = this.driverFolder();
    return folder !== undefined && list(folder, new RegExp(`^librte_${driver}\\.so`, "u")).length > 0;
  }

  #libraryFolders(): readonly string[] {
    return ["usr/lib", "lib"].flatMap((folder) => list(join(this.root, folder), /-linux-gnu/u));
  }
}

function isAccessible(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

/** The entries of a folder whose names match, as paths in order of name; none when there is no such folder. */
function list(folder: string, name: RegExp): readonly string[] {
  try {
    const entries = readdirSync(folder).filter((entry) => name.test(entry));
    return entries.toSorted().map((entry) => join(folder, entry));
  } catch {
    return [];
  }
}
