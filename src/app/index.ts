export {
  Application,
  type ApplicationOptions,
  type Handler,
  type PathParams,
  type RouteOptions,
} from "./application.ts";
