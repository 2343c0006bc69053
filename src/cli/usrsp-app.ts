#!/usr/bin/env node
import { connect } from "../index.js";
import { Interrupts } from "./interrupt.js";
import { main } from "./usrsp-app/main.js";

using interrupts = new Interrupts();
const { stdout, stderr, env } = process;
process.exitCode = await main(process.argv.slice(2), {
  stdout,
  stderr,
  env,
  signal: interrupts.signal,
  connect,
});
