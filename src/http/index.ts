export { isToken, REASON_PHRASES } from "../h1/index.ts";
export {
  type ClearCookieOptions,
  type CookieOptions,
  type Cookies,
  MAX_COOKIE_SIZE,
} from "./cookies.ts";
export {
  checkPart,
  type Engine,
  type Environment,
  type Lifetime,
  type Logger,
  type Orchestrator,
} from "./environment.ts";
export { HttpError, type HttpErrorOptions } from "./errors.ts";
export { type HeadersInit, HttpHeaders } from "./headers.ts";
export { empty, html, redirect, text, xml } from "./helpers.ts";
export type { RequestJSON } from "./inspect.ts";
export { type ContentLimits, contentLimits, DEFAULT_CONTENT_LIMITS, type MultipartLimits } from "./limits.ts";
export { type MediaType, parseMediaType, requireUtf8 } from "./media-type.ts";
export type { MultipartOptions, MultipartReader, Part } from "./multipart.ts";
export { percentEncode } from "./percent.ts";
export { HttpRequest, type Params } from "./request.ts";
export {
  type Answer,
  BINARY,
  type BodyInit,
  type BodyStream,
  fromFetchResponse,
  HandOver,
  HttpResponse,
  isFetchResponse,
  isHopByHop,
  json,
  OwnResponse,
  type ResponseHost,
  type ResponseInit,
  TEXT,
  TO_RESPONSE,
  toResponse,
} from "./response.ts";
export * from "./state.ts";
export * from "./status-errors.ts";
export { decodeUtf8 } from "./utf8.ts";
export { StreamPieces } from "./web-stream.ts";
