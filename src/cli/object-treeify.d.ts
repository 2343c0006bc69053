/** The package carries no types; these are of its documented interface, as far as it is used here. */
declare module "object-treeify" {
  interface TreeifyOptions {
    /** Between a key and its value. Default: `: `. */
    readonly separator?: string;
  }

  /** The object as a tree: keys are the labels, members that are no objects stand behind theirs. */
  export default function treeify(tree: object, options?: TreeifyOptions): string;
}
