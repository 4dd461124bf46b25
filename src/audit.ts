/** `pyrois/audit`: what of an application's configuration is unsafe, and what to do about it. */

import type { Finding, Level, Rule } from "./audit/rule.ts";
import { COOKIE_RULES } from "./audit/rules-cookies.ts";
import { LIMIT_RULES } from "./audit/rules-limits.ts";
import { ORIGIN_RULES } from "./audit/rules-origins.ts";
import { ROUTE_RULES } from "./audit/rules-routes.ts";
import { SERVER_RULES } from "./audit/rules-server.ts";
import { type Audited, type AuditedServer, isLoopback, Subject } from "./audit/subject.ts";
import { DEFAULT_SERVER_OPTIONS, type ServerOptions } from "./server/options.ts";

export type { Finding, Level } from "./audit/rule.ts";
export type { Audited } from "./audit/subject.ts";

/** What an audit takes for granted, and what it leaves out. */
export interface AuditOptions {
  /** What `listen` is given; its defaults where nothing is said. */
  readonly server?: ServerOptions;
  /**
   * Whether strangers will come: true by default where `NODE_ENV` is "production", and where the server listens elsewhere
   * than on this machine alone.
   */
  readonly production?: boolean;
  /** Rules that are not asked. */
  readonly ignore?: readonly string[];
}

const RULES: readonly Rule[] = [...LIMIT_RULES, ...COOKIE_RULES, ...ORIGIN_RULES, ...ROUTE_RULES, ...SERVER_RULES];

/** The names of all rules with how grave what they find is. */
export const AUDIT_RULES: Readonly<Record<string, Level>> = Object.fromEntries(
  RULES.map(({ id, level }) => [id, level]),
);

const ORDER: readonly Level[] = ["high", "medium", "low", "note"];

function checkIgnored(ignore: readonly string[]): void {
  for (const id of ignore)
    if (!Object.hasOwn(AUDIT_RULES, id)) throw new TypeError(`there is no rule ${JSON.stringify(id)}`);
}

/**
 * What is found in the configuration of an application, the gravest first: its options, routes and what stands around
 * them as they are now, and what its server is given. Nothing is served for it. Handlers it knows nothing of, nor
 * middleware that does not say what it is (`described`). Throws a TypeError for a rule to ignore that there is not.
 */
export function audit(app: Audited, options: AuditOptions = {}): Finding[] {
  const { server: given = {}, ignore = [] } = options;
  checkIgnored(ignore);
  // As for `listen`: what is undefined is not given.
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const server: AuditedServer = { ...DEFAULT_SERVER_OPTIONS, ...said };
  const production = options.production ?? (process.env.NODE_ENV === "production" || !isLoopback(server));
  const subject = new Subject(app, server, production);
  return RULES.filter(({ id }) => !ignore.includes(id))
    .flatMap(({ id, level, find }) => [...find(subject)].map((found) => ({ level, rule: id, ...found })))
    .sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level));
}
