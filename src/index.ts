/** `pyrois`: the server and the framework, for Node. */
export {
  type ApplicationOptions,
  around,
  type Group,
  type GroupOptions,
  type Handler,
  type IncludeOptions,
  type MethodOptions,
  type Middleware,
  type PathParams,
  type RouteOptions,
  Router,
} from "./app/index.ts";
export { REASON_PHRASES } from "./h1/index.ts";
export {
  type Answer,
  type BodyInit,
  type BodyStream,
  type ClearCookieOptions,
  type CookieOptions,
  type Cookies,
  type Engine,
  type Environment,
  empty,
  HandOver,
  type HeadersInit,
  HttpError,
  type HttpErrorOptions,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  html,
  json,
  type Logger,
  MAX_COOKIE_SIZE,
  type Orchestrator,
  type Params,
  type RequestJSON,
  type ResponseInit,
  redirect,
  text,
  toResponse,
  xml,
} from "./http/index.ts";
// As a whole: what is named here could not be added to by those who declare what is in it.
export * from "./http/state.ts";
export * from "./http/status-errors.ts";
export { type HeaderFields, ParseError } from "./parser/index.ts";
export {
  type Converter,
  type Converters,
  type ConverterTypes,
  PathRouter,
  type PathRouterOptions,
} from "./router/index.ts";
export { App, type RunOptions } from "./server/app.ts";
export type {
  ConnectionMessage,
  ParseErrorMessage,
  RequestEndMessage,
  RequestErrorMessage,
  RequestStartMessage,
} from "./server/diagnostics.ts";
export type { InjectRequest, InjectResponse } from "./server/inject.ts";
export {
  type CloseOptions,
  DEFAULT_SERVER_OPTIONS,
  Server,
  type ServerCounters,
  type ServerOptions,
} from "./server/server.ts";
export { type TakeSocket, tunnel, upgrade } from "./server/upgrade.ts";
export type { Socket, WebSocketHandlers, WebSocketOptions } from "./server/websocket.ts";
export { type FileInit, file } from "./services/file.ts";
