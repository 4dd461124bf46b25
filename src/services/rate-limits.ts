/** `pyrois/rate-limits`: where the requests are counted that `rateLimit` bounds. */
export {
  DEFAULT_MAX_KEYS,
  type MemoryRateLimitsOptions,
  memoryRateLimits,
} from "./rate-limits/memory.ts";
export type { Algorithm, Policy, Taken } from "./rate-limits/policy.ts";
export {
  DEFAULT_REDIS_PREFIX,
  DEFAULT_REDIS_TIMEOUT,
  type RedisRateLimitsOptions,
  type RedisScripts,
  redisRateLimits,
} from "./rate-limits/redis.ts";
export type { RateLimitStore } from "./rate-limits/store.ts";
