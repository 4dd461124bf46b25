/** Which run of a schedule has its turn, in all processes together. */
import type { Redis } from "ioredis";

/** Deletes a key where it has a value. */
const RELEASE = `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0`;

/**
 * Begins the turn of a run, and goes on with it until it is ended; a process that dies loses it after `lockDuration`
 * milliseconds. Gives what ends it, and null where another run has its turn. `id` is that of the run: whoever takes it over
 * takes over its turn.
 */
export async function takeTurn(
  client: Redis,
  key: string,
  id: string,
  lockDuration: number,
): Promise<(() => Promise<void>) | null> {
  const taken = await client.set(key, id, "PX", lockDuration, "NX");
  if (taken === null && (await client.get(key)) !== id) return null;
  const renew = () => client.set(key, id, "PX", lockDuration).catch(() => {});
  const timer = setInterval(renew, lockDuration / 2).unref();
  return async () => {
    clearInterval(timer);
    // Where Redis is away, it ends by itself.
    await client.eval(RELEASE, 1, key, id).catch(() => {});
  };
}
