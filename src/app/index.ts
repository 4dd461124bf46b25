export {
  Application,
  type ApplicationOptions,
  type Handler,
  type NoConverters,
  type PathParams,
  type RouteNames,
  type RouteOptions,
} from "./application.ts";
