/** `pyrois/fetch`: applications of fetch on this server, and applications of this framework wherever there is fetch. */
export { type FetchHandler, type FromFetchOptions, fromFetch } from "./fetch/from.ts";
export { type FetchApplication, type ToFetchOptions, toFetch } from "./fetch/to.ts";
