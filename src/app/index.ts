export { Application, type ApplicationOptions } from "./application.ts";
export {
  around,
  type Group,
  type GroupOptions,
  type Handler,
  type IncludeOptions,
  type MethodOptions,
  type Middleware,
  type NoConverters,
  type PathParams,
  type RouteOptions,
  Router,
} from "./routes.ts";
