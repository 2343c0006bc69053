/** The real API files of VPP releases, and frames that real servers sent. Neither is part of the project. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ApiModel, readApiDirectory } from "../../../src/vpp/schema/index.js";
import { asRecord } from "./narrow.js";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** A directory with one directory of API files for each release; see `missingApi` where there is none. */
export const apiDirectory: string = process.env["VPP_API_DIR"] ?? join(repository, "../shared/vpp-api");

/** A directory with `vpp-capture-<release>.jsonl` files. */
const captureDirectory: string = process.env["VPP_CAPTURE_DIR"] ?? join(repository, "../shared/reference");

/** The releases at hand, oldest first; none where there are no API files. */
export const releases: readonly string[] = existsSync(apiDirectory)
  ? readdirSync(apiDirectory)
      .filter((name) => /^\d\d\.\d\d$/.test(name))
      .toSorted()
  : [];

/** What stands behind the name of a skipped suite: why it was. */
export const unlessMissing: string =
  releases.length > 0
    ? ""
    : ` (skipped: no VPP API files in ${apiDirectory}; set VPP_API_DIR to a directory with one directory of *.api.json a release)`;

const models = new Map<string, ApiModel>();

/** A release's model, read once. */
export function modelOf(release: string): ApiModel {
  const known = models.get(release) ?? readApiDirectory(join(apiDirectory, release)).unwrap();
  models.set(release, known);
  return known;
}

/** The releases of which there is a captured session. */
export const capturedReleases: readonly string[] = releases.filter((release) =>
  existsSync(captureFile(release)),
);

function captureFile(release: string): string {
  return join(captureDirectory, `vpp-capture-${release}.jsonl`);
}

/** A captured session: the message of each frame. */
export function capturedFrames(release: string): readonly Buffer[] {
  return readFileSync(captureFile(release), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { body } = asRecord(JSON.parse(line));
      return Buffer.from(String(body), "hex");
    });
}
