/** `pyrois/middleware`: what commonly stands around handlers. */
export { bodyLimit } from "../app/index.ts";
