import process from "node:process";

import { connectVpp } from "../../src/vpp/api/connect.js";
import { ApiCodecs } from "../../src/vpp/schema/index.js";
import { modelOf, releases } from "../vpp/schema/api-files.js";

/** A real VPP that tests may use: they make things in it, and delete them. */
export interface RealVpp {
  readonly remote: string;
  /** Which of the releases at hand it is, such as `26.06`. */
  release(): Promise<string>;
}

const socket = process.env["VPP_API_SOCKET"];

/** What stands behind the name of a skipped suite. */
export const unlessReal: string =
  socket === undefined ? " (skipped: set VPP_API_SOCKET to the API socket of a VPP that tests may use)" : "";

/** The VPP that the environment names; undefined where it names none. */
export const realVpp: RealVpp | undefined =
  socket === undefined || releases.length === 0
    ? undefined
    : { remote: `unix:${socket}`, release: () => releaseOf(`unix:${socket}`) };

async function releaseOf(remote: string): Promise<string> {
  await using client = (await connectVpp({ remote })).unwrap();
  // The same message in every release.
  const codec = new ApiCodecs(modelOf(releases[0] ?? "")).call("show_version").unwrap();
  const { version } = (await client.call(codec, {})).unwrap();
  const release = releases.find((name) => String(version).startsWith(name));
  if (release === undefined)
    throw new Error(`no API files of VPP ${String(version)}, only of ${releases.join(", ")}`);
  return release;
}
