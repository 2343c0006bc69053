/** The part of binary-parser that is used here, in tests and in benchmarks. Its own declarations cannot be found from ES modules. */
declare module "binary-parser" {
  interface Length {
    readonly length: number | string | ((this: Record<string, number>) => number);
  }

  export class Parser {
    endianness(order: "big" | "little"): this;
    uint8(name: string): this;
    int8(name: string): this;
    uint16(name: string): this;
    int16(name: string): this;
    uint32(name: string): this;
    int32(name: string): this;
    uint64(name: string): this;
    int64(name: string): this;
    doublele(name: string): this;
    buffer(name: string, options: Length | { readonly readUntil: "eof" }): this;
    string(name: string, options: Length & { readonly encoding: string; readonly stripNull: boolean }): this;
    array(
      name: string,
      options: { readonly type: string | Parser } & (Length | { readonly readUntil: "eof" }),
    ): this;
    nest(name: string, options: { readonly type: Parser }): this;
    parse(bytes: Uint8Array): unknown;
  }
}
