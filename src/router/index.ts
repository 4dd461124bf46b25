export type { ConverterTypes, PathParams } from "./params.ts";
export { PathRouter } from "./router.ts";
export type {
  Converter,
  Converters,
  Found,
  ParamValues,
  PathRouterOptions,
  Query,
  Route,
  RouteDetails,
  RouteInit,
  SlashPolicy,
} from "./types.ts";
