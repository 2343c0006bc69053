#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";
import { main } from "./vpp-bindgen/main.js";

// A run is over in half a second. What V8 optimises meanwhile is hardly used any more, and costs as much CPU again
// (26.06: 0.95 s of CPU with, 0.48 s without).
setFlagsFromString("--no-opt");

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
const { stdout, stderr } = process;
process.exitCode = await main(process.argv.slice(2), { stdout, stderr, signal: interrupt.signal });
