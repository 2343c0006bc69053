import { cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";

/** The load averages of the last 1, 5 and 15 minutes (getloadavg(3)). */
export const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");

/** What figures depend on besides the programs. */
export const machine = (): Readonly<Record<string, string>> => ({
  cpu: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  kernel: `${process.platform} ${release()} ${process.arch}`,
});
