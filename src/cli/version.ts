import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** The package's own version; a package can always be found by its own name. */
export function version(): string {
  const file = createRequire(import.meta.url).resolve("vswitch-drivers/package.json");
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  const found =
    typeof content === "object" && content !== null && "version" in content ? content.version : "";
  return String(found);
}
