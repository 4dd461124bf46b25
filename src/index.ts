/** `pyrois`: the server and the framework, for Node. */
export {
  type ApplicationEvents,
  type ApplicationOptions,
  around,
  Blueprint,
  type Caught,
  del,
  type ErrorClass,
  type ErrorHandler,
  type ErrorHook,
  type ErrorStyle,
  type Group,
  type GroupOptions,
  get,
  type Handler,
  type IncludeOptions,
  type Lifecycle,
  type MethodOptions,
  type Middleware,
  type PathParams,
  patch,
  post,
  put,
  type Report,
  type RequestHook,
  type RequestIssue,
  type RequestOf,
  type ResponseDoc,
  type ResponseHook,
  type RouteChoice,
  type RouteDoc,
  type RouteInfo,
  type RouteOptions,
  Router,
  type RouterOptions,
  type Routes,
  route,
  type Schema,
  type Schemas,
  type SecurityScheme,
  type Servable,
  use,
  type Valid,
  ValidationError,
} from "./app/index.ts";
export { REASON_PHRASES } from "./h1/index.ts";
export {
  type Answer,
  type BodyInit,
  type BodyStream,
  type ClearCookieOptions,
  type ContentLimits,
  type CookieOptions,
  type Cookies,
  DEFAULT_CONTENT_LIMITS,
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
  type MultipartLimits,
  type MultipartOptions,
  type MultipartReader,
  type Orchestrator,
  type Params,
  type Part,
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
export { App, type AppModule } from "./server/app.ts";
export { ServerBuilder } from "./server/builder.ts";
export type {
  ConnectionMessage,
  ParseErrorMessage,
  RequestEndMessage,
  RequestErrorMessage,
  RequestStartMessage,
} from "./server/diagnostics.ts";
export type { InjectRequest, InjectResponse } from "./server/inject.ts";
export type { Loadable } from "./server/modules.ts";
export { DEFAULT_SERVER_OPTIONS, type ServerOptions, type StopOptions } from "./server/options.ts";
export { type ServeOptions, serve } from "./server/serve.ts";
export { type RunOptions, Server, type ServerCounters } from "./server/server.ts";
export { type TakeSocket, tunnel, upgrade } from "./server/upgrade.ts";
export type { Socket, WebSocketHandlers, WebSocketOptions } from "./server/websocket.ts";
export { type FileInit, file } from "./services/file.ts";
