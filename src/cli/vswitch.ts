#!/usr/bin/env node
import { connect } from "../index.js";
import { Interrupts } from "./interrupt.js";
import { main } from "./main.js";

using interrupts = new Interrupts();
const { stdin, stdout, stderr, env } = process;
process.exitCode = await main({
  argv: process.argv.slice(2),
  stdin,
  stdout,
  stderr,
  env,
  signal: interrupts.signal,
  connect,
});
