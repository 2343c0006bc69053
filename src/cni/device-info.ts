import { existsSync, linkSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import type { Handover } from "../handover/index.js";
import { fromIo, isErrno } from "./errors.js";
import { removeFile } from "./sockets.js";
import { makeDirectory, temporaryOf } from "./state/files.js";

/*
 * The device information file of the Network Plumbing Working Group (device-info-spec 1.1.0), for meta plugins such as
 * Multus, which copies it into the pod's network status. Roles, modes and the path are the container's.
 */

/** The document: what the container's end of the socket is. */
export function deviceInfo({ interface: end }: Handover): Readonly<Record<string, unknown>> {
  const version = "1.1.0";
  if (end.type === "memif") {
    const { role, mode, socket: path } = end;
    return { type: "memif", version, memif: { role, mode, path } };
  }
  return { type: "vhost-user", version, "vhost-user": { mode: end.mode, path: end.socket } };
}

/** What writing the file may leave; nothing where it is there already: it is a device plugin's then, and stays. */
export const deviceInfoFiles = (file: string): readonly string[] =>
  existsSync(file) ? [] : [file, temporaryOf(file)];

/** Writes the file wholly, and never over another's. Throws a {@link CniError} of code 5. */
export function writeDeviceInfo(file: string, handover: Handover): void {
  const fresh = temporaryOf(file);
  try {
    makeDirectory(posix.dirname(file), 0o755);
    // The same ADD again may find what one left that was killed.
    removeFile(fresh);
    writeFileSync(fresh, `${JSON.stringify(deviceInfo(handover))}\n`, { flag: "wx", mode: 0o644 });
    linkSync(fresh, file);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw fromIo(`write the device information ${file}`, error);
  } finally {
    removeFile(fresh);
  }
}
