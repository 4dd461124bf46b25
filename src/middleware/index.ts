/** `pyrois/middleware`: what commonly stands around handlers. */
export { bodyLimit } from "../app/index.ts";
export type { Verified } from "./authorization.ts";
export { type BasicAuthOptions, basicAuth, type VerifyPassword } from "./basic-auth.ts";
export { type BearerAuthOptions, bearerAuth, type VerifyToken } from "./bearer-auth.ts";
export { type CsrfOptions, csrf } from "./csrf.ts";
