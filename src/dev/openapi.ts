/** `pyrois/openapi`: an application's routes as an OpenAPI 3.1 document. */
import type { RouteInfo, SecurityScheme } from "../app/index.ts";
import { Components } from "./openapi/components.ts";
import {
  type Info,
  METHODS,
  type Method,
  type OpenApiDocument,
  type Operation,
  type PathItem,
  type ServerObject,
} from "./openapi/document.ts";
import { infoOf } from "./openapi/info.ts";
import type { Convert } from "./openapi/json-schema.ts";
import { merged, renamed, shapeOf } from "./openapi/merge.ts";
import { operationOf, type Shared } from "./openapi/operation.ts";
import { type DocumentedPath, pathsOf } from "./openapi/paths.ts";
import { PROBLEM, sharedResponses } from "./openapi/responses.ts";
import { Security } from "./openapi/security.ts";

export type * from "./openapi/document.ts";
export type { Convert, Side } from "./openapi/json-schema.ts";

/** What an application tells of its routes. */
export interface WithRoutes {
  readonly routes: readonly RouteInfo[];
}

/** What a document says beside what the routes tell. */
export interface OpenApiOptions {
  /** By default what package.json of the working directory says. */
  readonly info?: Partial<Info>;
  /** Where the application is served: URLs, or objects as OpenAPI has them; by default where the document comes from. */
  readonly servers?: readonly (string | ServerObject)[];
  /** How clients say who they are, by names of one's own. */
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  /** Names of those that every operation needs which says nothing itself. */
  readonly security?: readonly string[];
  /** Makes JSON Schema of a schema, where it gives something; for libraries that cannot do so themselves. */
  readonly jsonSchema?: Convert;
}

/** The methods of a route that is for all; TRACE is not among them, for browsers do not send it. */
const ALL: readonly Method[] = METHODS.filter((method) => method !== "trace");

function isDocumented(method: string): method is Method {
  return (METHODS as readonly string[]).includes(method);
}

/** Gives names as they are, or with a number where they were given before. */
function uniqueNames(): (name: string) => string {
  const given = new Set<string>();
  return (name) => {
    let unique = name;
    for (let count = 2; given.has(unique); ++count) unique = `${name}${count}`;
    given.add(unique);
    return unique;
  };
}

/** The paths of a document, as routes are put into them. */
class Paths {
  /** By path, in the order they came. */
  readonly items: Record<string, PathItem> = {};
  readonly #byShape = new Map<string, string>();
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  add(route: RouteInfo): void {
    const paths = pathsOf(route.pattern);
    for (const [index, path] of paths.entries()) this.#addAt(route, path, index === paths.length - 1);
  }

  #addAt(route: RouteInfo, documented: DocumentedPath, whole: boolean): void {
    const shape = shapeOf(documented.path);
    const path = this.#byShape.get(shape) ?? documented.path;
    this.#byShape.set(shape, path);
    this.items[path] ??= {};
    const item = this.items[path];
    const method = route.method.toLowerCase();
    if (route.method !== "*" && (!isDocumented(method) || method.toUpperCase() !== route.method)) {
      item.description =
        item.description === undefined ? `Also: ${route.method}` : `${item.description}, ${route.method}`;
      return;
    }
    for (const each of route.method === "*" ? ALL : [method as Method]) {
      const before = item[each];
      // By its name a method comes before all.
      if (before !== undefined && route.method === "*") continue;
      const operation = renamed(operationOf(route, each, documented, whole, this.#shared), documented.path, path);
      item[each] = before === undefined ? operation : merged(before, operation, labelOf(route));
    }
  }
}

function labelOf({ method, host = "", pattern }: RouteInfo): string {
  return `${method} ${host}${pattern}`;
}

/** The tags of operations, each once. */
function tagsOf(items: Readonly<Record<string, PathItem>>): { readonly name: string }[] {
  const operations = Object.values(items).flatMap((item) => METHODS.map((method) => item[method]));
  const found = operations.filter((each): each is Operation => each !== undefined).flatMap(({ tags = [] }) => tags);
  return [...new Set(found)].map((name) => ({ name }));
}

/** Takes note of all schemas that may become components, before the first of them is written. */
function noteSchemas(routes: readonly RouteInfo[], components: Components): void {
  for (const { schema, doc } of routes) {
    if (schema?.body) components.note(schema.body, "input");
    if (schema?.response) components.note(schema.response, "output");
    for (const told of Object.values(doc?.responses ?? {})) {
      if (typeof told === "object" && told.schema) components.note(told.schema, "output");
    }
  }
}

/**
 * The routes of an application as an OpenAPI 3.1 document, an object that JSON says as it is. Throws a TypeError where
 * `security` names what is no scheme.
 */
export function openApi(app: WithRoutes, options: OpenApiOptions = {}): OpenApiDocument {
  const { servers = [], security: needed = [], securitySchemes } = options;
  for (const name of needed) {
    if (!Object.hasOwn(securitySchemes ?? {}, name))
      throw new TypeError(`security names ${JSON.stringify(name)}, which is no scheme`);
  }
  // "*" is no path, but the server as a whole (RFC 9110 §9.3.7).
  const routes = app.routes.filter(({ doc, pattern }) => doc?.hidden !== true && pattern !== "*");
  const components = new Components(options.jsonSchema);
  const security = new Security(securitySchemes);
  const shared: Shared = { components, security, unique: uniqueNames(), errors: new Set() };
  components.schemas.Problem = PROBLEM;
  noteSchemas(routes, components);
  const paths = new Paths(shared);
  // Those for all methods last: they have what is left.
  for (const route of routes) if (route.method !== "*") paths.add(route);
  for (const route of routes) if (route.method === "*") paths.add(route);
  const tags = tagsOf(paths.items);
  return {
    openapi: "3.1.0",
    info: infoOf(options.info),
    ...(servers.length > 0 && { servers: servers.map((each) => (typeof each === "string" ? { url: each } : each)) }),
    ...(tags.length > 0 && { tags }),
    paths: paths.items,
    components: {
      schemas: components.schemas,
      responses: sharedResponses(shared.errors),
      ...(Object.keys(security.schemes).length > 0 && { securitySchemes: security.schemes }),
    },
    ...(needed.length > 0 && { security: [Object.fromEntries(needed.map((name) => [name, []]))] }),
  };
}
