import { Contestant } from "../support/contestant.js";
import type { FloorTask } from "../support/protocol.js";
import { goProgram, pythonScript, script, type Entry } from "./build.js";

export const ours = "vswitch-drivers";
export const floor = "bare socket";
export const processes = "ovs-vsctl";
export const libraries = ["python3-openvswitch", "libovsdb"] as const;

const entries: readonly Entry[] = [
  script(ours, "ours"),
  script(floor, "socket"),
  pythonScript(libraries[0], "idl.py", "ovs"),
  goProgram(libraries[1], "libovsdb"),
  pythonScript(processes, "vsctl.py", "sys"),
];

export const contestantNames: readonly string[] = entries.map((entry) => entry.name);

/** A contestant that can be started here, or why it cannot. */
export type Prepared =
  | { readonly name: string; start(task: FloorTask): Promise<Contestant> }
  | { readonly name: string; readonly missing: string };

/** Makes the named contestants ready to start. The folder must be below the project's, where the packages are found. */
export async function prepare(names: readonly string[], buildFolder: string): Promise<readonly Prepared[]> {
  const prepared: Prepared[] = [];
  for (const entry of entries.filter((candidate) => names.includes(candidate.name))) {
    const { name } = entry;
    try {
      const command = await entry.command(buildFolder);
      prepared.push({
        name,
        start: (task) => Contestant.start(name, [...command, ...argumentsOf(name, task)]),
      });
    } catch (error) {
      prepared.push({ name, missing: error instanceof Error ? error.message : String(error) });
    }
  }
  return prepared;
}

function argumentsOf(name: string, task: FloorTask): readonly string[] {
  const common = [task.remote, task.bridge, task.mode, task.socketDirectory];
  return name === floor ? [...common, task.recording] : common;
}
