/** Who may see what an inspector shows: nobody but the developer. */
import { isIPv4 } from "node:net";
import type { Middleware } from "../../app/index.ts";
import { ForbiddenError, type HttpRequest } from "../../http/index.ts";
import { isForeign } from "../guard.ts";
import type { InspectorOptions } from "./options.ts";

const LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"];
/** What proxies add: behind one, whoever asks is not who is at the other end of the connection. */
const FORWARDING = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/** Whether an address is of this machine (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3), also where it is mapped (§2.5.5.2). */
function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

function checkPeer({ remoteAddress, headers }: HttpRequest): void {
  const forwarded = FORWARDING.find((name) => headers.has(name));
  if (forwarded === undefined && remoteAddress !== undefined && isLoopback(remoteAddress)) return;
  const who = forwarded === undefined ? (remoteAddress ?? "a client without an address") : `a proxy (${forwarded})`;
  throw new ForbiddenError(`the inspector answers this machine only, not ${who}; allowRemote has it answer others`);
}

/** A page of any site can have its name lead to this machine; what it cannot do is to name another host. */
function checkHost({ host }: HttpRequest, hosts: ReadonlySet<string>): void {
  const name = (host ?? "").replace(/:\d*$/, "").toLowerCase();
  if (hosts.has(name)) return;
  throw new ForbiddenError(`the inspector does not answer to the host ${JSON.stringify(name)}; name it in hosts`);
}

/** Middleware that refuses with 403 whoever is not the developer. */
export function guard({ allowRemote, hosts }: Required<InspectorOptions>): Middleware {
  const known = new Set([...LOCAL_HOSTS, ...hosts.map((host) => host.toLowerCase())]);
  return (next) => (request) => {
    if (!allowRemote) checkPeer(request);
    checkHost(request, known);
    if (isForeign(request)) throw new ForbiddenError("the request comes from another site");
    return next(request);
  };
}
