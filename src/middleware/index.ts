/** `pyrois/middleware`: what commonly stands around handlers. */
export { bodyLimit } from "../app/index.ts";
export type { Verified } from "./authorization.ts";
export { type BasicAuthOptions, basicAuth, type VerifyPassword } from "./basic-auth.ts";
export { type BearerAuthOptions, bearerAuth, type VerifyToken } from "./bearer-auth.ts";
export { type CacheControlOptions, cacheControl, cacheControlValue } from "./cache-control.ts";
export type { Coding } from "./codings.ts";
export { type CompressionOptions, compression, DEFAULT_COMPRESSION_OPTIONS } from "./compression.ts";
export {
  type ConcurrencyLimitOptions,
  concurrencyLimit,
  DEFAULT_CONCURRENCY_OPTIONS,
} from "./concurrency-limit.ts";
export { type CorsOptions, cors, DEFAULT_CORS_OPTIONS, type OriginRule } from "./cors.ts";
export { type CsrfOptions, csrf } from "./csrf.ts";
export { currentRequest, keepRequest } from "./current-request.ts";
export { DEFAULT_DECOMPRESSION_OPTIONS, type DecompressionOptions, decompression } from "./decompression.ts";
export { etag } from "./etag.ts";
export { globalHeaders } from "./global-headers.ts";
export { DEFAULT_RATE_LIMIT_OPTIONS, type RateLimitOptions, rateLimit } from "./rate-limit.ts";
export { type RequestId, type RequestIdOptions, requestId } from "./request-id.ts";
export {
  type ContentSecurityPolicy,
  DEFAULT_DIRECTIVES,
  DEFAULT_SECURITY_HEADERS,
  type PolicyDirectives,
  type SecurityHeadersOptions,
  type StrictTransportSecurity,
  securityHeaders,
} from "./security-headers.ts";
export { type ServerTimingOptions, serverTiming, type Timing } from "./server-timing.ts";
export { DEFAULT_TIMEOUT_OPTIONS, type TimeoutOptions, timeout } from "./timeout.ts";
export { type Client, type TrustedProxiesOptions, trustedProxies } from "./trusted-proxies.ts";
