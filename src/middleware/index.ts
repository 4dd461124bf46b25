/** `pyrois/middleware`: what is put around handlers with `use`. */
export type { Verified } from "./authorization.ts";
export { type BasicAuthOptions, basicAuth, type VerifyPassword } from "./basic-auth.ts";
export { type BearerAuthOptions, bearerAuth, type VerifyToken } from "./bearer-auth.ts";
export { type CsrfOptions, csrf } from "./csrf.ts";
