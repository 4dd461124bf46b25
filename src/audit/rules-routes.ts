/** What routes serve, and what should stand around them. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { descriptionOf } from "../app/index.ts";
import { type Found, type Rule, together } from "./rule.ts";
import { type AuditedRoute, has, type Subject } from "./subject.ts";

/** Paths where passwords, tokens and codes are tried. */
const LOGIN = /(?:^|[/_-])(?:log-?in|sign-?in|auth|token|password|passwd|otp|2fa|verify|reset)(?:[/_-]|$)/i;
/** What lies in a folder that is not made to be served. */
const PRIVATE = ["package.json", ".env", ".git", "node_modules", ".ssh"];

/** The words of a path, without the names of its parameters: what is tried is said by those that are always there. */
function wordsOf({ pattern }: AuditedRoute): string {
  return pattern.replace(/\{[^}]*\}/g, "").replace(/([a-z])(?=[A-Z])/g, "$1-");
}

function loginUnlimited(subject: Subject): Found[] {
  const open = subject.changing.filter(
    (route) => LOGIN.test(wordsOf(route)) && !has(route, "rateLimit") && !has(subject.unrouted, "rateLimit"),
  );
  const what = "by its path passwords are tried here, as often as anybody likes";
  return together(open, what, "put rateLimit({ limit: 10, window: 60_000 }) around it");
}

function noSecurityHeaders(subject: Subject): Found[] {
  const open = subject.routes.filter(
    (route) => !has(route, "securityHeaders") && !has(subject.unrouted, "securityHeaders"),
  );
  const what = "browsers are not told to guard what they show: no policy of content, frames or types";
  return together(open, what, "app.use(securityHeaders())");
}

function basicPlain(subject: Subject): Found[] {
  const what = "names and passwords come over plain HTTP, where anybody on the way reads them";
  const how = "give tls to listen, or say which proxy ends it: trustedProxies([…])";
  return subject.plain ? together(subject.uses("basicAuth"), what, how) : [];
}

/** Why a folder should not be served; null where nothing is known against it. */
function widthOf(root: string): string | null {
  if (root === path.parse(root).root) return "is the whole disk";
  const home = path.relative(root, homedir());
  if (!home.startsWith("..") && !path.isAbsolute(home)) return "has the home directory in it";
  const found = PRIVATE.find((name) => existsSync(path.join(root, name)));
  return found === undefined ? null : `has ${found} in it`;
}

function* staticWide(subject: Subject): Iterable<Found> {
  for (const { where, options } of subject.uses("staticFiles")) {
    const why = widthOf(options.root as string);
    const what = `the folder ${options.root}, which is served, ${why}`;
    if (why !== null) yield { what, where, how: 'serve a folder of its own, as staticFiles("public")' };
  }
}

function staticDotfiles(subject: Subject): Found[] {
  const open = subject.uses("staticFiles").filter(({ options }) => options.dotfiles);
  return together(open, "files are served whose names begin with a dot, as .env and .git", "leave dotfiles away");
}

function staticLinks(subject: Subject): Found[] {
  const open = subject.uses("staticFiles").filter(({ options }) => options.symlinks === "follow");
  return together(open, "links are followed out of the folder that is served", 'leave symlinks at "inside"');
}

/** The function that somebody has written, also where `catch` has put it behind a class. */
function writtenOf(catcher: object): object {
  return (descriptionOf(catcher)?.options.handler as object | undefined) ?? catcher;
}

function errorsLeak(subject: Subject): Found[] {
  const open = [subject.unrouted, ...subject.routes].filter(({ catchers }) =>
    catchers.some((catcher) => /\.stack\b/.test(String(writtenOf(catcher)))),
  );
  const what = "an error handler reads the stack of errors: it must not reach clients";
  return together(open, what, "write it to request.log, and answer with what a client may know");
}

export const ROUTE_RULES: readonly Rule[] = [
  { id: "login-unlimited", level: "medium", find: loginUnlimited },
  { id: "no-security-headers", level: "low", find: noSecurityHeaders },
  { id: "basic-plain", level: "high", find: basicPlain },
  { id: "static-wide", level: "high", find: staticWide },
  { id: "static-dotfiles", level: "medium", find: staticDotfiles },
  { id: "static-links", level: "low", find: staticLinks },
  { id: "errors-leak", level: "medium", find: errorsLeak },
];
