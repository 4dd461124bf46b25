/** Counting in Redis, for many processes: the same algorithms as a script, which Redis runs in one step. */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { loadPeer } from "../peer.ts";
import type { Policy, Taken } from "./policy.ts";
import type { RateLimitStore } from "./store.ts";

/** What is needed of a client of Redis: ioredis, or what has these two as it does. */
export interface RedisScripts {
  evalsha(sha: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
  eval(script: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
}

/** Which Redis counts, and what bounds that: `url` or `client`. */
export interface RedisRateLimitsOptions {
  /** Where Redis is, as `redis://127.0.0.1:6379`; not beside `client`. */
  readonly url?: string;
  /** A client that there is already; whoever made it closes it, and bounds how long it waits. */
  readonly client?: RedisScripts;
  /** What all keys begin with. */
  readonly prefix?: string;
  /** Milliseconds that Redis may take, of a client made here; then it counts as down. */
  readonly timeout?: number;
  /** The time in milliseconds; that of Redis by default, which is the same for all. */
  readonly now?: () => number;
}

/** What keys begin with where nothing else is said. */
export const DEFAULT_REDIS_PREFIX = "pyrois:rate-limit:";
/** Milliseconds that Redis may take where nothing else is said. */
export const DEFAULT_REDIS_TIMEOUT = 250;

/**
 * As `count` of policy.ts, on a hash of what `State` has; gives what `Taken` has, in order. The time is read before
 * anything is written, which any Redis allows.
 */
const SCRIPT = `
local algorithm, limit, window, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if not now then
  local clock = redis.call("TIME")
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
end
local state = redis.call("HMGET", KEYS[1], "time", "count", "previous")
local time, count, previous = tonumber(state[1]) or 0, tonumber(state[2]) or 0, tonumber(state[3]) or 0
local allowed, remaining, reset, retry = 0, 0, 0, 0

if algorithm == "fixed" then
  if now >= time + window or now < time then time, count = now, 0 end
  reset = time + window - now
  if count < limit then
    allowed, count = 1, count + 1
    remaining = limit - count
  else
    retry = reset
  end
elseif algorithm == "sliding" then
  local start = now - now % window
  if start ~= time then
    if start == time + window then previous = count else previous = 0 end
    time, count = start, 0
  end
  local elapsed = now - start
  reset = window - elapsed
  local room = (limit - count) * window - previous * reset
  if room >= window then
    allowed, count, remaining = 1, count + 1, math.floor(room / window) - 1
  elseif count < limit then
    retry = math.ceil(window * (previous - (limit - 1 - count)) / previous) - elapsed
  else
    retry = reset + math.ceil(window * (count - (limit - 1)) / count)
  end
else
  local interval = window / limit
  local tat = math.max(time, now) + interval
  local early = tat - window - now
  if early > 0.001 then
    retry = math.ceil(early - 0.001)
    reset = retry
  else
    allowed, time, reset = 1, tat, math.ceil(interval)
    remaining = math.floor((window - (tat - now)) / interval + 0.001)
  end
end

if allowed == 1 then
  redis.call("HSET", KEYS[1], "time", string.format("%.6f", time), "count", count, "previous", previous)
  redis.call("PEXPIRE", KEYS[1], math.ceil(2 * window))
end
return { allowed, remaining, reset, retry }
`;
const SHA = createHash("sha1").update(SCRIPT).digest("hex");

async function connect(url: string, timeout: number): Promise<Redis> {
  const { Redis } = await loadPeer("ioredis", "redisRateLimits", () => import("ioredis"));
  const client = new Redis(url, {
    commandTimeout: timeout,
    connectTimeout: timeout,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => Math.min(times * 100, 2000),
  });
  // It goes on trying by itself; whoever asks meanwhile is told.
  client.on("error", () => {});
  return client;
}

async function run(client: RedisScripts, values: (string | number)[]): Promise<unknown> {
  try {
    return await client.evalsha(SHA, 1, ...values);
  } catch (error) {
    // Redis has forgotten it, or has never known it.
    if (!String(error).includes("NOSCRIPT")) throw error;
    return client.eval(SCRIPT, 1, ...values);
  }
}

/**
 * Counts in Redis, for all processes that do. ioredis is loaded, and the connection opened, with the first request.
 * Throws a TypeError where neither `url` nor `client` is given, or both are, and a RangeError for a timeout that is none.
 */
export function redisRateLimits(options: RedisRateLimitsOptions): RateLimitStore {
  const { url, client, prefix = DEFAULT_REDIS_PREFIX, timeout = DEFAULT_REDIS_TIMEOUT, now } = options;
  if ((url === undefined) === (client === undefined)) throw new TypeError("redisRateLimits takes a url or a client");
  if (!(timeout >= 1)) throw new RangeError(`timeout must be a number of at least 1, not ${timeout}`);
  let own: Promise<Redis> | null = null;

  return {
    async take(key: string, { algorithm, limit, window }: Policy): Promise<Taken> {
      if (client === undefined) own ??= connect(url as string, timeout);
      const reached = client ?? (await (own as Promise<Redis>));
      const found = await run(reached, [prefix + key, algorithm, limit, window, now ? now() : ""]);
      const [allowed, remaining, reset, retry] = found as [number, number, number, number];
      return { allowed: allowed === 1, remaining, reset, retry };
    },
    async close(): Promise<void> {
      // Where it could not be opened, whoever asked was told.
      const opened = await own?.catch(() => null);
      own = null;
      opened?.disconnect();
    },
  };
}
