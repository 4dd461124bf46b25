/** Secrets that clients send, compared with those they should be. */
import { createHash, timingSafeEqual } from "node:crypto";

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether two texts are the same; how long that takes tells nothing of where they differ, or how long the secret is. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** Finds what belongs to a secret that clients send; it takes as long whichever it is, and where it is none. */
export function secretTable<T>(entries: Readonly<Record<string, T>>): (given: string) => T | undefined {
  const table = Object.entries(entries).map(([secret, value]) => ({ hash: digest(secret), value }));
  return (given) => {
    const hash = digest(given);
    let found: T | undefined;
    for (const entry of table) if (timingSafeEqual(entry.hash, hash)) found = entry.value;
    return found;
  };
}
