/** `pyrois/parser`: the parser alone, for any JavaScript host. */
export { PARSE_ERRORS, ParseError, type ParseErrorRow } from "./errors.ts";
export { HeaderFields } from "./fields.ts";
export { RequestHead, type TargetForm } from "./head.ts";
export type { ParserBuild } from "./module.ts";
export { DEFAULT_PARSER_LIMITS, Parser, type ParserLimits, type ParserOptions } from "./parser.ts";
export { DATA, END, HEAD, MessageReader, NEED_MORE, type ReaderEvent, TRAILERS } from "./reader.ts";
