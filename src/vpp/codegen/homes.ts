import type { ApiFile, ApiModel } from "../schema/model.js";
import type { Release } from "./forms.js";
import { byText } from "./scope.js";

/**
 * The module that declares each type. Files repeat the types that they import, so the home of a type is the file among
 * those which imports none of the others. Releases without `imports` (before 19.08, and 20.01) leave a guess: a file
 * without messages, else the first by name.
 *
 * @param releases - oldest first; the newest that has a type decides
 */
export function typeHomes(releases: readonly Release[]): ReadonlyMap<string, string> {
  const homes = new Map<string, string>();
  for (const { model } of releases) {
    const holders = holdersOf(model);
    const imported = new Imports(model);
    for (const [type, files] of holders) homes.set(type, homeOf(files, imported));
  }
  return homes;
}

/** The files that hold each type. */
function holdersOf(model: ApiModel): ReadonlyMap<string, readonly ApiFile[]> {
  const holders = new Map<string, ApiFile[]>();
  for (const file of model.files.values()) {
    for (const type of file.types) {
      const files = holders.get(type) ?? [];
      files.push(file);
      holders.set(type, files);
    }
  }
  return holders;
}

function homeOf(files: readonly ApiFile[], imported: Imports): string {
  const names = files.map(({ name }) => name);
  const deepest = files.filter(({ name }) => {
    const imports = imported.of(name);
    return !names.some((other) => other !== name && imports.has(other));
  });
  const candidates = deepest.length > 0 ? deepest : files;
  const pure = candidates.filter(({ messages }) => messages.length === 0);
  const [first = ""] = (pure.length > 0 ? pure : candidates).map(({ name }) => name).toSorted(byText);
  return first;
}

/** What each file imports, however indirectly. */
class Imports {
  readonly #model: ApiModel;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(model: ApiModel) {
    this.#model = model;
  }

  of(name: string): ReadonlySet<string> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const all = new Set<string>();
    const queue = [name];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const imported of this.#model.files.get(next)?.imports ?? []) {
        if (all.has(imported)) continue;
        all.add(imported);
        queue.push(imported);
      }
    }
    this.#known.set(name, all);
    return all;
  }
}
