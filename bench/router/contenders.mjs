/** Routers that are compared. Each gives a function `(method, path)` → what was registered and an object of parameters. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import findMyWay from "find-my-way";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { addRoute, createRouter, findRoute } from "rou3";
import { compileRouter } from "rou3/compiler";

const root = path.join(import.meta.dirname, "..", "..");
const outfile = path.join(root, "build", "router.js");
mkdirSync(path.dirname(outfile), { recursive: true });
await build({ entryPoints: [path.join(root, "src/router/index.ts")], outfile, bundle: true, format: "esm" });
const { PathRouter } = await import(pathToFileURL(outfile).href);

const colons = (pattern) => pattern.replace(/\{(\w+)\}/g, ":$1");

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(routes: { method: string, pattern: string, value: object }[]) => Lookup} prepare
 * @typedef {(method: string, path: string) => { value: object, params: Record<string, string> | null } | null} Lookup
 */

/** @type {Contender} */
const pyrois = {
  name: "pyrois",
  prepare(routes) {
    const router = new PathRouter();
    for (const { method, pattern, value } of routes) router.add(method, pattern, value);
    return (method, target) => {
      const found = router.find(method, target);
      return found.kind === "found" ? found : null;
    };
  },
};

/** @type {Contender} */
const findMyWayContender = {
  name: "find-my-way",
  prepare(routes) {
    const router = findMyWay();
    for (const { method, pattern, value } of routes) router.on(method, colons(pattern), () => {}, value);
    return (method, target) => {
      const found = router.find(method, target);
      return found === null ? null : { value: found.store, params: found.params };
    };
  },
};

/** @type {Contender} */
const rou3 = {
  name: "rou3",
  prepare(routes) {
    const router = createRouter();
    for (const { method, pattern, value } of routes) addRoute(router, method, colons(pattern), value);
    return (method, target) => {
      const found = findRoute(router, method, target);
      return found === undefined ? null : { value: found.data, params: found.params ?? null };
    };
  },
};

/** The same routes as a function that is generated and evaluated, which some hosts forbid. */
const rou3Compiled = {
  name: "rou3, compiled",
  prepare(routes) {
    const router = createRouter();
    for (const { method, pattern, value } of routes) addRoute(router, method, colons(pattern), value);
    const find = compileRouter(router);
    return (method, target) => {
      const found = find(method, target);
      return found === undefined ? null : { value: found.data, params: found.params ?? null };
    };
  },
};

/** Its answer has the places of parameters in the match of an expression; the framework cuts them out when asked. */
const hono = {
  name: "hono RegExpRouter",
  prepare(routes) {
    const router = new RegExpRouter();
    for (const { method, pattern, value } of routes) router.add(method, colons(pattern), value);
    return (method, target) => {
      const [handlers, stash] = router.match(method, target);
      if (handlers.length === 0) return null;
      const [value, places] = handlers[0];
      if (!stash) return { value, params: null };
      const params = {};
      for (const name in places) params[name] = stash[places[name]];
      return { value, params };
    };
  },
};

export const contenders = [pyrois, findMyWayContender, rou3, rou3Compiled, hono];
