import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Where Debian's packages put schemas; `OVSDB_SCHEMA_PATH` names other folders, for a machine without them. */
const folders = [
  ...(process.env["OVSDB_SCHEMA_PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
  "/usr/share/openvswitch",
  "/usr/share/ovn",
];

/** A schema that another project's package installs. */
export interface InstalledSchema {
  /** The JSON; `undefined`: it is not installed. */
  readonly json: unknown;
  /** For a test's title: nothing, or why it is skipped. */
  readonly note: string;
}

/** The schema in `file`, which `package` of Debian installs. */
export function installedSchema(file: string, packageName: string): InstalledSchema {
  for (const folder of folders) {
    try {
      return { json: JSON.parse(readFileSync(join(folder, file), "utf8")), note: "" };
    } catch {
      // It may be in the next one.
    }
  }
  return { json: undefined, note: ` (there is no ${file}: install ${packageName})` };
}
