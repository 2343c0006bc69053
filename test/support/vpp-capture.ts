import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";

import { asRecord } from "../vpp/schema/narrow.js";

/** A directory with `vpp-capture-RELEASE.jsonl` files: what a proxy saw between a client and a real server. */
const directory = process.env["VPP_CAPTURE_DIR"] ?? resolve(import.meta.dirname, "../../../shared/reference");

/** One captured frame. */
export interface CapturedFrame {
  readonly fromClient: boolean;
  readonly header: Buffer;
  readonly message: Buffer;
}

function fileOf(release: string): string {
  return join(directory, `vpp-capture-${release}.jsonl`);
}

export function hasCapture(release: string): boolean {
  return existsSync(fileOf(release));
}

/** The frames of a captured session, in order. */
export function capture(release: string): readonly CapturedFrame[] {
  return readFileSync(fileOf(release), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { dir, hdr, body } = asRecord(JSON.parse(line));
      return {
        fromClient: dir === "C>S",
        header: Buffer.from(String(hdr), "hex"),
        message: Buffer.from(String(body), "hex"),
      };
    });
}
