import process from "node:process";
import { ensurePackages, thisHost } from "./support/debian.js";
import { availableFlavours } from "./support/openvswitch.js";
import { removeAbandonedFolders } from "./support/openvswitch/folders.js";

/** Before the first test: the packages, a word on what cannot run here, and the rubbish of runs that were killed. */
export default function setup(): () => void {
  const advice = ensurePackages(thisHost());
  if (advice !== "") process.stderr.write(`\n${advice}\n`);
  else explainSkips();
  removeAbandonedFolders();
  return removeAbandonedFolders;
}

/** With all programs there, a flavour can still want privileges. */
function explainSkips(): void {
  for (const [flavour, { note }] of Object.entries(availableFlavours())) {
    if (note !== "") process.stderr.write(`Open vSwitch, ${flavour}${note}\n`);
  }
}
