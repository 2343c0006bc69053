/** The pod annotations of the hand-over, and their other spellings: readers take any, writers the first. */

/** A list of {@link OldConfigurationData}. */
export const configurationDataKeys = [
  "userspace/configuration-data",
  "userspace-cni/configuration-data",
  "userspace/configurationData",
] as const;

/** Where the container has the shared directory. */
export const mappedDirKeys = [
  "userspace/mapped-dir",
  "userspace-cni/mapped-dir",
  "userspace/mappedDir",
] as const;

/** A list of {@link Handover}. */
export const attachmentsKey = "userspace/attachments";

/** Where the container has the shared directory, where the pod does not say. */
export const defaultMappedDir = "/var/lib/cni/usrspcni";
