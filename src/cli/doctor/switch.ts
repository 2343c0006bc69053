/** What can be checked on every engine, through the core API alone. */
import type { BridgeInfo, CallOptions, Capabilities, InterfaceInfo, VSwitch } from "../../index.js";
import { engineWords, supportWord } from "../words.js";
import { failure, type Finding } from "./finding.js";

function typesFinding({ interfaceTypes }: Capabilities): Finding {
  const named = (word: string): string =>
    Object.entries(interfaceTypes)
      .filter(([, support]) => supportWord(support) === word)
      .map(([type]) => type)
      .join(", ");
  const [made, experimental, not] = [named("yes"), named("experimental"), named("no")];
  const parts = [
    made === "" ? "" : `can be made: ${made}`,
    experimental === "" ? "" : `experimental: ${experimental}`,
    not === "" ? "" : `cannot be made: ${not}`,
  ];
  return {
    check: "types",
    status: made === "" && experimental === "" ? "broken" : "ok",
    found: parts.filter((part) => part !== "").join("; "),
    ...(not !== "" && { remedy: "`vswitch capabilities` tells why not" }),
  };
}

function ownFindings(
  owner: string,
  own: readonly InterfaceInfo[],
  bridges: readonly BridgeInfo[],
): Finding[] {
  const isolated = own.filter(({ bridge }) => bridge === null).length;
  const empty = bridges.filter(
    ({ mark, lifetime, interfaces }) =>
      mark?.owner === owner && lifetime === "on-demand" && interfaces.length === 0,
  );
  const counted = `${own.length} interface${own.length === 1 ? "" : "s"} of owner ${owner}`;
  return [
    { check: "ours", status: "ok", found: isolated === 0 ? counted : `${counted}, ${isolated} isolated` },
    ...own.flatMap(({ name, error }): Finding[] =>
      error === null
        ? []
        : [
            {
              check: "ours",
              status: "warning",
              found: `the switch says of interface ${name}: ${error}`,
              remedy: `mend the cause, or \`vswitch delete ${name}\``,
            },
          ],
    ),
    ...empty.map(({ name }): Finding => ({
      check: "ours",
      status: "warning",
      found: `bridge ${name} was made on demand and is empty: something was interrupted`,
      remedy: `\`vswitch delete-bridge ${name}\`, or the next \`vswitch gc\``,
    })),
  ];
}

const bridgeFindings = (bridges: readonly BridgeInfo[]): Finding[] =>
  bridges.flatMap(({ name, error }) =>
    error === null
      ? []
      : [
          {
            check: "bridges",
            status: "warning",
            found: `the switch says of bridge ${name}: ${error}`,
          } as const,
        ],
  );

/** What the switch is, what it can make, and how our things on it are. */
export async function examineSwitch(vswitch: VSwitch, call: () => CallOptions): Promise<readonly Finding[]> {
  const able = await vswitch.capabilities(call());
  if (able.isErr()) return [failure("switch", able.error)];
  const found: Finding[] = [
    { check: "switch", status: "ok", found: engineWords(able.value) },
    typesFinding(able.value),
  ];
  const bridges = await vswitch.listBridges(call());
  if (bridges.isErr()) return [...found, failure("bridges", bridges.error)];
  const own = await vswitch.listInterfaces({ ...call(), ownOnly: true });
  if (own.isErr()) return [...found, failure("ours", own.error)];
  return [
    ...found,
    ...bridgeFindings(bridges.value),
    ...ownFindings(vswitch.owner, own.value, bridges.value),
  ];
}
