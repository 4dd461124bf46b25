/** An application as rules look at it. */
import {
  type Application,
  type Description,
  descriptionOf,
  type Layer,
  type NewRoute,
  type RouteInfo,
} from "../app/index.ts";
import type { ServerOptions } from "../server/options.ts";

/** An application, as far as it is looked at. */
export type Audited = Pick<Application, "routes" | "layersOf">;

/** What the server is given, with its defaults. */
export type AuditedServer = ServerOptions & Required<Omit<ServerOptions, "path" | "fd" | "tls" | "workers">>;

/** A route, or what answers where there is none. */
export interface AuditedRoute {
  /** "POST /login". */
  readonly where: string;
  readonly method: string;
  readonly pattern: string;
  /** What its handler says of itself. */
  readonly handler: Description | undefined;
  /** What everything around it says of itself, the outermost first. */
  readonly around: readonly Description[];
  /** Bytes of content that it grants for itself; undefined where it grants what others do. */
  readonly maxBodySize: number | undefined;
  /** Error handlers around it. */
  readonly catchers: readonly object[];
}

/** Something that is used, and the first place where it is. */
export interface Use {
  readonly where: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const ANYWHERE = "the application";
/** Methods by which nothing changes (RFC 9110 §9.2.1). */
const SAFE: readonly string[] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/** Whether only this machine can reach a server. A socket of files, or one that was handed over, is behind something. */
export function isLoopback({ host = "", path, fd }: ServerOptions): boolean {
  if (path !== undefined || fd !== undefined) return true;
  return /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\])$/.test(host);
}

/** What things say of themselves, those that are several in one by what they consist of. */
function descriptionsOf(things: readonly object[]): Description[] {
  return things.flatMap((thing) => {
    const description = descriptionOf(thing);
    if (description === undefined) return [];
    return description.parts === undefined ? [description] : descriptionsOf(description.parts);
  });
}

function aroundOf(layers: readonly Layer[]): Description[] {
  return layers.flatMap(({ middleware, onRequest, onResponse }) =>
    descriptionsOf([...middleware, ...onRequest, ...onResponse]),
  );
}

export class Subject {
  /** What the application was made with. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly server: AuditedServer;
  /** Whether strangers will come. */
  readonly production: boolean;
  readonly routes: readonly AuditedRoute[];
  /** What answers where there is no route. */
  readonly unrouted: AuditedRoute;

  constructor(app: Audited, server: AuditedServer, production: boolean) {
    this.settings = descriptionOf(app)?.options ?? {};
    this.server = server;
    this.production = production;
    this.routes = app.routes.map((route) => audited(app, route));
    this.unrouted = audited(app);
  }

  /** Whether strangers can read along between clients and what ends TLS: nobody does, as far as is known here. */
  get plain(): boolean {
    return this.production && this.server.tls === undefined && this.uses("trustedProxies").length === 0;
  }

  /** All that is called so, around routes or as their handlers, each once. */
  uses(name: string): Use[] {
    const found = new Map<Description, string>();
    for (const { where, around, handler } of [this.unrouted, ...this.routes]) {
      for (const each of handler === undefined ? around : [...around, handler]) {
        if (each.name === name && !found.has(each)) found.set(each, where);
      }
    }
    return [...found].map(([{ options }, where]) => ({ where, options }));
  }

  /** Routes by which something may change. */
  get changing(): AuditedRoute[] {
    return this.routes.filter(({ method }) => !SAFE.includes(method));
  }
}

/** Whether something that is called so stands around a route. */
export function has({ around }: AuditedRoute, name: string): boolean {
  return around.some((each) => each.name === name);
}

function audited(app: Audited, route?: RouteInfo): AuditedRoute {
  const layers = app.layersOf(route);
  const { method = "*", pattern = "", host } = route ?? {};
  return {
    where: route === undefined ? ANYWHERE : `${method} ${host ?? ""}${pattern}`,
    method,
    pattern,
    handler: route && descriptionOf(route.handler),
    around: aroundOf(layers),
    maxBodySize: (route as NewRoute | undefined)?.maxBodySize,
    catchers: layers.flatMap(({ catchers }) => catchers),
  };
}
