/** The versions of the CNI specification that the plugin speaks, oldest first. */
export const supportedVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type CniVersion = (typeof supportedVersions)[number];

export const newestVersion: CniVersion = "1.1.0";

/** What the specification takes for a configuration that names no version. */
export const impliedVersion: CniVersion = "0.1.0";

export const isSupported = (version: string): version is CniVersion =>
  supportedVersions.some((known) => known === version);

/** Whether `version` is `other` or newer. */
export const atLeast = (version: CniVersion, other: CniVersion): boolean =>
  supportedVersions.indexOf(version) >= supportedVersions.indexOf(other);
