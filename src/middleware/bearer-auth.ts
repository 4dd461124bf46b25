import { described, type Middleware } from "../app/index.ts";
import { BadRequestError, ForbiddenError, type HttpRequest, UnauthorizedError } from "../http/index.ts";
import { secretTable, strengthOf } from "../services/secrets.ts";
import { admit, askingFor, challenge, credentialsOf, isSomebody, type Verified } from "./authorization.ts";

/** Says who a token belongs to: what it gives is `request.state.user`. */
export type VerifyToken = (token: string, request: HttpRequest) => Verified | Promise<Verified>;

/** Who may come by a token: `tokens` or `verify`, and one of them must be given. */
export interface BearerAuthOptions {
  /** Users by token. Looked for in a time that tells nothing of the tokens. */
  readonly tokens?: Readonly<Record<string, Verified>>;
  /** Asked in place of `tokens`; null, undefined and false are nobody. */
  readonly verify?: VerifyToken;
  /** What the tokens are for, as clients are told; not told by default. */
  readonly realm?: string;
  /**
   * What a token must allow for, names with spaces between them. The user says what it does as `scope`, a list or names
   * with spaces (RFC 7662 §2.2).
   */
  readonly scope?: string;
}

/** scope-token (RFC 6749 §3.3). */
const SCOPE = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/;

function scopesOf(user: Verified): readonly unknown[] {
  const scope: unknown = typeof user === "object" && user !== null && "scope" in user ? user.scope : undefined;
  if (typeof scope === "string") return scope.split(" ");
  return Array.isArray(scope) ? scope : [];
}

/**
 * Middleware that asks for a token (RFC 6750), sent as `Authorization: Bearer`. Without one 401, where it is none 400, where
 * it is nobody's 401, and 403 where it does not allow for `scope`; each with the challenge that RFC 6750 §3 says. Throws a
 * TypeError where there is neither `tokens` nor `verify`, or both, and for a realm or scope that could not be sent.
 */
export function bearerAuth({ tokens, verify, realm, scope }: BearerAuthOptions): Middleware {
  if ((tokens === undefined) === (verify === undefined))
    throw new TypeError("bearerAuth takes either tokens or verify");
  if (scope !== undefined && !SCOPE.test(scope)) throw new TypeError(`${JSON.stringify(scope)} is no scope`);
  const ask: VerifyToken = verify ?? secretTable(tokens ?? {});
  const asked = { ...(realm !== undefined && { realm }), ...(scope !== undefined && { scope }) };
  const needed = scope?.split(" ") ?? [];
  const because = (error: string) => ({ headers: { "WWW-Authenticate": challenge("Bearer", { ...asked, error }) } });
  // Nothing is said of what is wrong to whoever has said nothing (§3.1).
  const bare = { headers: { "WWW-Authenticate": challenge("Bearer", asked) } };
  const [invalid, wrong, lacking] = ["invalid_request", "invalid_token", "insufficient_scope"].map(because);
  const refuse = (user: Verified) => {
    if (!isSomebody(user)) return new UnauthorizedError(undefined, wrong);
    const scopes = scopesOf(user);
    return needed.every((name) => scopes.includes(name)) ? null : new ForbiddenError(undefined, lacking);
  };
  const middleware: Middleware = (next) => (request) => {
    const token = credentialsOf(request, "Bearer");
    if (token === null) throw new UnauthorizedError(undefined, bare);
    if (token === "") throw new BadRequestError("the token is none", invalid);
    return admit(request, ask(token, request), refuse, next);
  };
  return described(askingFor(middleware, { type: "http", scheme: "bearer" }), "bearerAuth", {
    ...asked,
    tokens: Object.keys(tokens ?? {}).map(strengthOf),
  });
}
