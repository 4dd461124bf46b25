export type { ConverterTypes, PathParams } from "./params.ts";
export { Router } from "./router.ts";
export type {
  Converter,
  Converters,
  Found,
  ParamValues,
  Query,
  Route,
  RouteDetails,
  RouteInit,
  RouterOptions,
  SlashPolicy,
} from "./types.ts";
