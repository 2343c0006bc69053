export * from "./annotations.js";
export * from "./attachment.js";
export * from "./old-forms.js";
export * from "./status.js";
