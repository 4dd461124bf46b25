export { Application } from "./application.ts";
export { Blueprint } from "./blueprint.ts";
export { bodyLimit } from "./body-limit.ts";
export { del, get, patch, post, put, type RequestOf, type RouteDecorator, route, use } from "./decorators.ts";
export { asWritten, type ResponseDoc, type RouteDoc, type SecurityScheme } from "./doc.ts";
export {
  around,
  type Caught,
  type Description,
  described,
  descriptionOf,
  type ErrorClass,
  type ErrorHandler,
  type Handler,
  isPromise,
  type Middleware,
  type NoConverters,
  nameOf,
  type PathParams,
  type RequestHook,
  type ResponseHook,
  type RouteInfo,
} from "./handler.ts";
export { answering, type Layer } from "./layers.ts";
export { ApplicationLifetime } from "./lifetime.ts";
export type { ApplicationEvents, ApplicationOptions, ErrorHook, Lifecycle, Registrations } from "./options.ts";
export { type PerRequest, perRequest } from "./per-request.ts";
export type { ErrorStyle } from "./problem.ts";
export { type Report, Reports } from "./reports.ts";
export { Router, type RouterOptions } from "./router.ts";
export type {
  Group,
  GroupOptions,
  Includable,
  IncludeOptions,
  MethodOptions,
  NewRoute,
  NoSchemas,
  RouteChoice,
  RouteEvents,
  RouteHandler,
  RouteOptions,
  Routes,
} from "./routes.ts";
export {
  type RequestIssue,
  type RequestPart,
  type Result,
  type Schema,
  type Schemas,
  type Valid,
  ValidationError,
} from "./schema.ts";
export type { Servable } from "./servable.ts";
