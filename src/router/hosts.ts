/** Names of hosts. */
import type { Where } from "./reader.ts";

const HOST = /^(?:(?:\*\.)?[\w-]+(?:\.[\w-]+)*|\[[\dA-Fa-f:.]+\])$/;

/** Longest name of a host (RFC 1035 §2.3.4): what is longer has no route of its own. */
const MAX_HOST = 255;

/** The host of a route as it is compared. Throws a TypeError where it is none; `where` names the route. */
export function readHost(host: string, where: Where): string {
  if (!HOST.test(host)) throw new TypeError(`${JSON.stringify(host)} is no host, nor *.host, in ${where}`);
  return host.toLowerCase();
}

/** What routes may name the host of a request by, nearest first; `host` is as in its field, with or without a port. */
export function namesOf(host: string): string[] {
  if (host.length > MAX_HOST + ":65535".length) return [];
  const name = host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
  const names = [name];
  for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) names.push(`*${name.slice(at)}`);
  return names;
}
