/** Secrets that clients send, compared with those they should be. */
import { createHash, timingSafeEqual } from "node:crypto";

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether two texts are the same; how long that takes tells nothing of where they differ, or how long the secret is. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** What may be known of a secret: never itself. */
export interface SecretStrength {
  /** Characters of a text, or bytes. */
  readonly size: number;
  /** Bits that it has by how often each character or byte is in it: what was thought of has fewer. */
  readonly bits: number;
  /** Whether it is, or has in it, what others try first. */
  readonly known: boolean;
}

/** What examples have, and those who take them over. */
const KNOWN = [
  ...["secret", "password", "passwort", "changeme", "change-me", "change_me", "keyboard cat", "default", "example"],
  ...["0123456789", "1234567890", "abcdefghij", "qwertyuiop", "letmein", "admin", "123456", "qwerty"],
];

/** How strong a secret looks. */
export function strengthOf(secret: string | Uint8Array): SecretStrength {
  const items: readonly (string | number)[] = [...secret];
  const counts = new Map<string | number, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  const share = [...counts.values()].reduce((sum, count) => sum - count * Math.log2(count / items.length), 0);
  const text = (typeof secret === "string" ? secret : Buffer.from(secret).toString("latin1")).toLowerCase();
  return { size: items.length, bits: Math.floor(share), known: KNOWN.some((known) => text.includes(known)) };
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
