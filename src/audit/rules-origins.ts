/** Whose pages may come, and who says who a client is. */
import { quiet } from "../h1/quiet.ts";
import { type Found, type Rule, together } from "./rule.ts";
import type { Subject } from "./subject.ts";

/** Origins that nobody means to let in (RFC 2606 §2). */
const STRANGERS = ["https://stranger.invalid", "http://stranger.invalid"];
/** Bits of a network with which it is a large part of all there are. */
const WIDE = 7;

/** Whether a rule of origins lets a stranger in. */
function letsIn(origin: unknown): boolean {
  return STRANGERS.some((stranger) => letsInAs(stranger, origin));
}

/** The same of one stranger; a rule that does not say so at once is taken to know why. */
function letsInAs(stranger: string, origin: unknown): boolean {
  if (origin instanceof RegExp) return new RegExp(`^(?:${origin.source})$`, origin.flags).test(stranger);
  if (typeof origin !== "function") return origin === "*" || origin === stranger;
  try {
    const answer: unknown = origin(stranger);
    // What it finds out later is not waited for, nor where that fails.
    if (answer instanceof Promise) quiet(answer);
    return answer === true;
  } catch {
    return false;
  }
}

function originsOf({ origins }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(origins) ? origins : [origins];
}

function corsAnyOrigin(subject: Subject): Found[] {
  const open = subject.uses("cors").filter(({ options }) => options.credentials && originsOf(options).some(letsIn));
  const what = "pages of every origin may read, with the cookies of their users, what is answered";
  return together(open, what, "name the origins in cors({ origins: […] }), or leave credentials away");
}

function corsPublic(subject: Subject): Found[] {
  const open = subject.uses("cors").filter(({ options }) => !options.credentials && originsOf(options).some(letsIn));
  const what = "pages of every origin may read what is answered";
  return together(open, what, "right for what is public; else name the origins in cors({ origins: […] })");
}

function corsNull(subject: Subject): Found[] {
  const open = subject.uses("cors").filter(({ options }) => originsOf(options).includes("null"));
  const what = 'the origin "null" is let in, which every page can have: that of a sandboxed frame';
  return together(open, what, 'take "null" out of the origins');
}

function webSocketOrigins(subject: Subject): Found[] {
  const open = subject.uses("webSocket").filter(({ options }) => options.origins === undefined);
  const what = "pages of every site can open this WebSocket, with the cookies of their users";
  return together(open, what, 'name the sites: app.ws(path, handlers, { origins: ["https://example.org"] })');
}

function isWide(range: string): boolean {
  const [, bits] = range.split("/");
  return bits !== undefined && Number(bits) <= WIDE;
}

function* trustedAny(subject: Subject): Iterable<Found> {
  for (const { where, options } of subject.uses("trustedProxies")) {
    for (const range of (options.list as readonly string[]).filter(isWide)) {
      const what = `everybody in ${range} is believed what they say of their address: limits and logs can be deceived`;
      yield { what, where, how: "name the addresses of your proxies, or the network that only they are in" };
    }
  }
}

export const ORIGIN_RULES: readonly Rule[] = [
  { id: "cors-any-origin", level: "high", find: corsAnyOrigin },
  { id: "cors-null", level: "medium", find: corsNull },
  { id: "cors-public", level: "note", find: corsPublic },
  { id: "web-socket-origins", level: "medium", find: webSocketOrigins },
  { id: "trusted-any", level: "high", find: trustedAny },
];
