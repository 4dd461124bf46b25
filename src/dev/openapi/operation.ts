/** One operation: what a route does at one of its paths. */
import { asWritten } from "../../app/doc.ts";
import type { RouteInfo } from "../../app/handler.ts";
import { layersAround } from "../../app/layers.ts";
import type { Components } from "./components.ts";
import { docstringOf } from "./docstring.ts";
import type { Operation, ServerObject } from "./document.ts";
import { inputsOf } from "./inputs.ts";
import type { DocumentedPath } from "./paths.ts";
import { type ErrorStatus, responsesOf } from "./responses.ts";
import type { Security } from "./security.ts";

/** What all operations of a document share. */
export interface Shared {
  readonly components: Components;
  readonly security: Security;
  /** Gives a name as it is, or with a number where it was given before. */
  readonly unique: (name: string) => string;
  /** Errors that operations refer to. */
  readonly errors: Set<ErrorStatus>;
}

/** `getUsersId` of GET /users/{id}. */
function idFrom(method: string, path: string): string {
  const words = path.match(/[A-Za-z0-9]+/g) ?? [];
  return [method, ...words.map((word) => word[0].toUpperCase() + word.slice(1))].join("");
}

/** The errors that a request can have before its handler is called. */
function errorsOf({ schema = {} }: RouteInfo, withParameters: boolean, withContent: boolean, asked: boolean) {
  const { query, headers, body } = schema;
  const isChecked = withParameters || [query, headers, body].some((each) => each !== undefined);
  return [
    ...(isChecked ? [400 as const] : []),
    ...(asked ? [401 as const] : []),
    ...(withParameters ? [404 as const] : []),
    ...(withContent ? [413 as const] : []),
    ...(body === undefined ? [] : [415 as const, 422 as const]),
  ] satisfies ErrorStatus[];
}

/** The host that a route serves alone; any scheme leads there (RFC 3986 §4.2). */
function serverOf(host: string): ServerObject {
  if (!host.startsWith("*.")) return { url: `//${host}` };
  return { url: `//{subdomain}${host.slice(1)}`, variables: { subdomain: { default: "www" } } };
}

/** What a route belongs to: its blueprint, or the prefix of its group, without its parameters. */
function tagOf({ origin, prefix }: RouteInfo): string | undefined {
  if (origin !== undefined && origin !== "") return origin;
  const segments = prefix.split("/").filter((segment) => segment !== "" && !/[{:]/.test(segment));
  return segments.length > 0 ? segments.join("/") : undefined;
}

/**
 * What a route does at a path, by one method; `whole` says whether that is its path with all there may be, which has
 * its name.
 */
export function operationOf(
  route: RouteInfo,
  method: string,
  { path, parameters, note }: DocumentedPath,
  whole: boolean,
  shared: Shared,
): Operation {
  const { doc = {}, name, host, method: registered } = route;
  const comment = docstringOf(asWritten(route.handler));
  const named = whole && registered !== "*" ? name : undefined;
  const operationId = shared.unique(named ?? idFrom(method, path));
  const hint = operationId[0].toUpperCase() + operationId.slice(1);
  const inputs = inputsOf(route, parameters, comment, hint, shared.components);
  const security = shared.security.of(layersAround(route).flatMap(({ middleware }) => middleware));
  const errors = errorsOf(route, parameters.length > 0, inputs.requestBody !== undefined, security.length > 0);
  for (const status of errors) shared.errors.add(status);
  const summary = doc.summary ?? comment?.summary;
  // What the comment says further belongs to its first line.
  const text = doc.description ?? (doc.summary === undefined ? comment?.description : undefined);
  const description = [text, note, ...inputs.notes].filter((each) => each !== undefined && each !== "").join("\n\n");
  const tag = tagOf(route);
  const tags = doc.tags ?? (tag === undefined ? [] : [tag]);
  return {
    operationId,
    ...(summary !== undefined && summary !== "" && { summary }),
    ...(description !== "" && { description }),
    ...(tags.length > 0 && { tags }),
    ...((doc.deprecated ?? comment?.deprecated) && { deprecated: true }),
    ...(inputs.parameters.length > 0 && { parameters: inputs.parameters }),
    ...(inputs.requestBody !== undefined && { requestBody: inputs.requestBody }),
    responses: responsesOf(route, comment, errors, `${hint}Response`, shared.components),
    ...(security.length > 0 && { security }),
    ...(host !== undefined && { servers: [serverOf(host)] }),
  };
}
