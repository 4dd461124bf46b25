/** What contenders answer with, and what the answers are compared with. */

/** Content of the answer to GET /json, /close and /async. */
export const MESSAGE = { message: "Hello, World!" };

/** Bytes of the fixed answer, and of each piece of the streamed one: 64 KiB of text. */
export const PIECE = new TextEncoder().encode("0123456789abcdef".repeat(4096));

/** Pieces of the streamed answer: 10 MiB. */
export const PIECES = 160;

/**
 * The content of the streamed answer, made as it is taken.
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* pieces() {
  for (let count = 0; count < PIECES; ++count) yield PIECE;
}
