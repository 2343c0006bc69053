import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  connect as connectToSwitch,
  TimeoutError,
  type ConnectOptions,
  type Result,
  type VSwitch,
  type VSwitchError,
  AbortedError,
  Err,
  Ok,
} from "../index.js";
import { applyHandover, keyOf, type Applied } from "./apply.js";
import { findHandovers, type Places } from "./find.js";
import type { Findings, Found } from "./found.js";
import { acknowledge } from "./status.js";

/** What is waited for. */
export interface WaitOptions {
  readonly places?: Places | undefined;
  /** So many interfaces. Default: 1. */
  readonly count?: number | undefined;
  /** These interfaces, and only these are given. Default: any. */
  readonly ifNames?: readonly string[] | undefined;
  /** Milliseconds. Default: 60000. */
  readonly timeoutMs?: number | undefined;
  /** How often is looked, in milliseconds. Default: 500. */
  readonly intervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const operation = "waitForHandovers";

function wanted({ ifNames }: WaitOptions, findings: Findings): Findings {
  if (ifNames === undefined) return findings;
  return { ...findings, found: findings.found.filter(({ handover }) => ifNames.includes(handover.ifName)) };
}

const complete = ({ count = 1, ifNames }: WaitOptions, { found }: Findings): boolean =>
  ifNames === undefined
    ? found.length >= count
    : ifNames.every((name) => found.some(({ handover }) => handover.ifName === name));

/** Sleeps; `false`: the signal has fired. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  return signal?.aborted !== true;
}

function tooLate(options: WaitOptions, timeoutMs: number, { found, faults }: Findings): TimeoutError {
  const { count = 1, ifNames } = options;
  const what = ifNames === undefined ? `${count} interfaces` : `the interfaces ${ifNames.join(", ")}`;
  const there = found.map(({ handover }) => handover.ifName).join(", ") || "none";
  const broken = faults.map(({ message }) => `; ${message}`).join("");
  const message = `${operation}: of ${what} only ${there} came within ${timeoutMs} ms${broken}; does the container mount the directory, or the annotations, that the plugin writes?`;
  return new TimeoutError({ operation, timeoutMs, outcome: "not-sent", message });
}

/**
 * Waits until the hand-overs are there. Directories are looked into again and again: notifications do not cross every
 * kind of mount.
 *
 * Errors: `timeout`, which tells what was there; `aborted`.
 */
export async function waitForHandovers(
  options: WaitOptions = {},
): Promise<Result<Findings, TimeoutError | AbortedError>> {
  const { places, timeoutMs = 60_000, intervalMs = 500, signal } = options;
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const findings = wanted(options, findHandovers(places));
    if (complete(options, findings)) return Ok(findings);
    const left = endsAt - performance.now();
    if (left <= 0) return Err(tooLate(options, timeoutMs, findings));
    if (!(await pause(Math.min(left, intervalMs), signal)))
      return Err(
        new AbortedError({
          operation,
          outcome: "not-sent",
          cause: signal?.reason,
          message: `${operation}: cancelled while waiting for the plugin's data`,
        }),
      );
  }
}

/** What became of one interface. */
export interface Report {
  readonly found: Found;
  readonly result: Result<Applied, VSwitchError>;
  /** Things worth knowing that are no failure, one sentence each. */
  readonly notes: readonly string[];
}

/** The owner of what is made in the container's switch. */
export const containerOwner = "usrsp-app";

/** How the container's switch is found, and what happens to it. */
export interface ConfigureOptions extends WaitOptions {
  /** The container's own switch. Default: VPP on its default socket. */
  readonly vswitch?: Omit<ConnectOptions, "signal" | "timeoutMs"> | undefined;
  /** How it is connected to. Default: the library's `connect`. */
  readonly connect?: ((options: ConnectOptions) => Promise<Result<VSwitch, VSwitchError>>) | undefined;
  /**
   * Whether it goes on: new hand-overs are applied, those that are gone are taken back, and all are applied again when the
   * switch was restarted. Default: false.
   */
  readonly watch?: boolean | undefined;
  /** Is told what became of each interface, whenever that changes. */
  readonly onReport?: ((report: Report) => void) | undefined;
}

/** What is remembered between two runs. */
interface Memory {
  /** What was told of each interface. */
  readonly told: Map<string, string>;
  /** Where hand-overs were found. */
  readonly places: Set<string>;
}

/** One run over all interfaces, on one connection. */
async function applyAll(
  findings: Findings,
  options: ConfigureOptions,
  memory: Memory,
): Promise<Result<readonly Report[], VSwitchError>> {
  const { signal, connect = connectToSwitch, onReport } = options;
  const connected = await connect({ engine: "vpp", owner: containerOwner, ...options.vswitch, signal });
  if (connected.isErr()) {
    for (const found of findings.found)
      acknowledge(found, { state: "failed", message: connected.error.message });
    return connected;
  }
  await using vswitch = connected.value;
  const reports: Report[] = [];
  for (const found of findings.found) {
    const result = await applyHandover(vswitch, found.handover, { signal });
    if (signal?.aborted === true) break;
    const message = result.isOk() ? "" : result.error.message;
    const unwritten = acknowledge(found, { state: result.isOk() ? "applied" : "failed", message });
    const notes = [
      ...(result.isOk() ? result.value.notes : []),
      ...(unwritten === undefined ? [] : [unwritten]),
    ];
    const report = { found, result, notes };
    reports.push(report);
    const key = keyOf(found.handover);
    const outcome = JSON.stringify([message, notes]);
    if (memory.told.get(key) !== outcome || (result.isOk() && result.value.changed)) onReport?.(report);
    memory.told.set(key, outcome);
  }
  if (options.watch !== true) return Ok(reports);
  const collected = await takeBack(vswitch, options, memory);
  return collected.isErr() ? collected : Ok(reports);
}

/**
 * Deletes what was made for hand-overs that are gone. Not while something cannot be read, or a place where something was is
 * away: then nobody knows what is gone.
 */
async function takeBack(
  vswitch: VSwitch,
  { places, signal }: ConfigureOptions,
  memory: Memory,
): Promise<Result<unknown, VSwitchError>> {
  const { found, faults } = findHandovers(places);
  for (const { place } of found) memory.places.add(place);
  if (faults.length > 0 || ![...memory.places].every((place) => existsSync(place))) return Ok(undefined);
  return vswitch.collectGarbage(
    found.map(({ handover }) => keyOf(handover)),
    { signal },
  );
}

/**
 * Waits for the hand-overs and applies them to the container's switch; each is acknowledged in the file that the plugin's
 * CHECK reads. A switch that is not there yet is waited for, within the same time.
 *
 * Errors: `timeout` (no data); `aborted`; those of `connect`. What became of single interfaces is in the reports. With
 * `watch` it ends when the signal fires, and only then.
 */
export async function configure(
  options: ConfigureOptions = {},
): Promise<Result<readonly Report[], VSwitchError>> {
  const { timeoutMs = 60_000, intervalMs = 500, signal, places, watch = false } = options;
  const endsAt = performance.now() + timeoutMs;
  const memory: Memory = { told: new Map(), places: new Set() };
  const waited = await waitForHandovers(options);
  if (waited.isErr()) return waited;
  let findings: Findings = waited.value;
  for (;;) {
    const applied = await applyAll(findings, options, memory);
    const again =
      watch || (applied.isErr() && applied.error.kind === "unreachable" && performance.now() < endsAt);
    if (!again || !(await pause(intervalMs, signal))) return applied;
    findings = wanted(options, findHandovers(places));
  }
}
