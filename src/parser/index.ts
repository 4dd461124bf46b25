/** `pyrois/parser`: the parser alone, for any JavaScript host. */
export { PARSE_ERRORS, ParseError, type ParseErrorRow } from "./errors.ts";
export { HeaderFields } from "./fields.ts";
export { type MessageHead, methodId, RequestHead, ResponseHead, type TargetForm } from "./head.ts";
export { type ParserEvent, RequestParser, ResponseParser } from "./messages.ts";
export type { ParserBuild, ParserModule } from "./module.ts";
export { DEFAULT_PARSER_LIMITS, Parser, type ParserLimits, type ParserOptions } from "./parser.ts";
export {
  DATA,
  END,
  HEAD,
  MessageReader,
  NEED_MORE,
  type ReaderEvent,
  RequestReader,
  ResponseReader,
  TRAILERS,
} from "./reader.ts";
