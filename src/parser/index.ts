/** `pyrois/parser`: the parser alone, for any JavaScript host. */
export {
  CHUNK_PHASE_DONE,
  CHUNK_PHASE_MASK,
  CHUNK_PHASE_TRAILERS,
  CHUNK_START,
  FRAMING_CHUNKED,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_UNTIL_CLOSE,
} from "./abi.ts";
export { PARSE_ERRORS, ParseError, type ParseErrorRow } from "./errors.ts";
export { HeaderFields } from "./fields.ts";
export { type MessageHead, methodId, ReleasedError, RequestHead, ResponseHead, type TargetForm } from "./head.ts";
export { type ParserEvent, RequestParser, ResponseParser } from "./messages.ts";
export type { ParserBuild, ParserModule } from "./module.ts";
export {
  DEFAULT_PARSER_LIMITS,
  Parser,
  type ParserLimits,
  type ParserOptions,
  type ParserTolerance,
} from "./parser.ts";
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
