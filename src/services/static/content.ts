/** The bytes of a file, as one version of it has them. */
import type { Stats } from "node:fs";
import { open } from "node:fs/promises";

/** Bytes that are read at once. */
const PIECE = 65_536;

/** Whether two looks at a file found the same content. The time of its last change tells what times that were set hide. */
export function isSame(a: Stats, b: Stats): boolean {
  return isSameFile(a, b) && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** When a file was changed; never later than now (RFC 9110 §8.8.2.1). */
export function lastModified({ mtimeMs }: Stats): string {
  return new Date(Math.min(mtimeMs, Date.now())).toUTCString();
}

/** All bytes of a file that was found with `stat`; null where it was changed since, or is while it is read. */
export async function readWhole(path: string, stat: Stats): Promise<Uint8Array | null> {
  const file = await open(path);
  try {
    const bytes = Buffer.allocUnsafeSlow(stat.size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) return null;
      at += bytesRead;
    }
    return isSame(await file.stat(), stat) ? bytes : null;
  } finally {
    await file.close();
  }
}

/** Rejects with the error of the system where a file cannot be read. */
export async function checkReadable(path: string): Promise<void> {
  const file = await open(path);
  await file.close();
}

/**
 * `length` bytes of a file from `start` on, piece by piece. It is opened when the first is asked for, so that a response
 * that is never sent holds no descriptor, and closed when the last was taken or nobody wants more. Throws where another
 * file has taken its place since it was found with `stat`, and where it ends too early.
 */
export async function* readPieces(
  path: string,
  stat: Stats,
  start: number,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path);
  try {
    if (!isSameFile(await file.stat(), stat)) throw new Error(`${path} was replaced before it was sent`);
    const end = start + length;
    for (let at = start; at < end; ) {
      // A new one each time: the socket may not be done with the last.
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error(`${path} was cut short while it was sent`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
