/** The JSON Schema of the network configuration, made from the schema that the plugin checks with. */
import { toJsonSchema, type JsonSchema } from "@valibot/to-json-schema";
import { fileURLToPath } from "node:url";
import { netconfSchema } from "../../../src/cni/netconf/schema.js";

export const schemaFile = fileURLToPath(new URL("../../../doc/userspace.schema.json", import.meta.url));

/** Where a key of the host's end depends on another, as `resolveEnds` has it. */
const hostRules: JsonSchema = {
  required: ["engine", "iftype"],
  properties: { iftype: { enum: ["memif", "vhostuser"] } },
  allOf: [
    {
      anyOf: [
        { properties: { iftype: { const: "vhostuser" } } },
        {
          required: ["memif"],
          properties: { memif: { required: ["role"], properties: { role: { enum: ["master", "slave"] } } } },
        },
      ],
    },
    {
      anyOf: [
        { properties: { engine: { const: "vpp" } } },
        { properties: { netType: { enum: ["bridge", "none", ""] } } },
      ],
    },
  ],
};

interface Override {
  readonly valibotAction: object;
  readonly jsonSchema: JsonSchema;
}

/** What the converter refuses. JSON Schema's patterns are of Unicode, as ours, and one schema has one. */
function overrideAction({ valibotAction: action, jsonSchema: so }: Override): JsonSchema | undefined {
  if (!("type" in action) || !("requirement" in action)) return undefined;
  const { type, requirement } = action;
  // It counts characters, of which there are never more than bytes.
  if (type === "max_bytes") return { ...so, maxLength: Number(requirement) };
  if (type !== "regex" || !(requirement instanceof RegExp)) return undefined;
  const pattern = requirement.source;
  if (so.pattern === undefined || so.pattern === pattern) return { ...so, pattern };
  return { ...so, allOf: [...(so.allOf ?? []), { pattern }] };
}

/** The document as it is published. */
export function jsonSchema(): Record<string, unknown> {
  const made = toJsonSchema(netconfSchema, {
    target: "draft-2020-12",
    typeMode: "input",
    errorMode: "throw",
    overrideAction,
  });
  return {
    $schema: made.$schema,
    title: "A network configuration of the CNI plugin userspace",
    description:
      "Keys in their own spelling; the plugin takes them in any case. In a list of plugins, name and cniVersion are the list's.",
    ...made,
    allOf: [{ properties: { host: hostRules } }],
  };
}

/** The text of the file. */
export const schemaText = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`;
