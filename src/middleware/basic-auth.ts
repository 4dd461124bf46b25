import { isPromise } from "../app/handler.ts";
import { described, type Middleware } from "../app/index.ts";
import { type HttpRequest, UnauthorizedError } from "../http/index.ts";
import { isSameSecret, strengthOf } from "../services/secrets.ts";
import { admit, askingFor, challenge, credentialsOf, isSomebody, type Verified } from "./authorization.ts";

/** Says who a name and a password belong to: what it gives is `request.state.user`, or the name where that is true. */
export type VerifyPassword = (name: string, password: string, request: HttpRequest) => Verified | Promise<Verified>;

/** Who may come by a name and a password: `users` or `verify`, and one of them must be given. */
export interface BasicAuthOptions {
  /** Passwords by name. Compared in a time that tells nothing of them. */
  readonly users?: Readonly<Record<string, string>>;
  /** Asked in place of `users`; null, undefined and false are nobody. */
  readonly verify?: VerifyPassword;
  /** What the browser says it is a password for; "Restricted" by default. */
  readonly realm?: string;
}

/** What neither a name nor a password has (RFC 7617 §2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Name and password of credentials (RFC 7617 §2), in normal form (§2.1); null where they are none. */
function parse(credentials: string): [name: string, password: string] | null {
  const bytes = Buffer.from(credentials, "base64");
  // Node's decoder skips what it does not know.
  if (bytes.toString("base64") !== credentials) return null;
  try {
    const text = utf8.decode(bytes).normalize();
    const colon = text.indexOf(":");
    return colon < 0 || CONTROL.test(text) ? null : [text.slice(0, colon), text.slice(colon + 1)];
  } catch {
    return null;
  }
}

function verifyBy(users: Readonly<Record<string, string>>): VerifyPassword {
  const passwords = new Map(Object.entries(users).map(([name, password]) => [name.normalize(), password.normalize()]));
  return (name, password) => {
    // Somebody who is not there has a password too, so that it takes as long to refuse it.
    const same = isSameSecret(password, passwords.get(name) ?? "");
    return same && passwords.has(name);
  };
}

/**
 * Middleware that asks for a name and a password (RFC 7617), in UTF-8, and refuses whoever has none, or wrong ones, with
 * 401. By plain HTTP anybody on the way reads them. Throws a TypeError where there is neither `users` nor `verify`, or
 * both, and for a realm that could not be sent.
 */
export function basicAuth({ users, verify, realm = "Restricted" }: BasicAuthOptions): Middleware {
  if ((users === undefined) === (verify === undefined)) throw new TypeError("basicAuth takes either users or verify");
  const ask = verify ?? verifyBy(users ?? {});
  const headers = { "WWW-Authenticate": challenge("Basic", { realm, charset: "UTF-8" }) };
  const refused = () => new UnauthorizedError(undefined, { headers });
  const middleware: Middleware = (next) => (request) => {
    const credentials = credentialsOf(request, "Basic");
    const parsed = credentials === null ? null : parse(credentials);
    if (parsed === null) throw refused();
    const [name, password] = parsed;
    const found = ask(name, password, request);
    const named = (user: Verified) => (user === true ? name : user);
    const user = isPromise(found) ? Promise.resolve(found).then(named) : named(found);
    return admit(request, user, (verified) => (isSomebody(verified) ? null : refused()), next);
  };
  return described(askingFor(middleware, { type: "http", scheme: "basic" }), "basicAuth", {
    realm,
    passwords: Object.values(users ?? {}).map(strengthOf),
  });
}
