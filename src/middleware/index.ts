/** `pyrois/middleware`: what is put around routes. */
export { type RequestId, type RequestIdOptions, requestId } from "./request-id.ts";
export { type ServerTimingOptions, serverTiming, type Timing } from "./server-timing.ts";
