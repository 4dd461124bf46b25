/**
 * Every vector whole, byte by byte, cut in two at every place, and with bytes after it, on every build, between
 * poisoned surroundings: one expected result.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/parser/abi.ts";
import { MessageReader, Parser } from "../../src/parser/index.ts";
import { bytesOf, type Outcome, type ReadMessage, readMessages } from "../support/messages.ts";

interface Vector {
  id: string;
  input: string;
  messages: Partial<ReadMessage>[];
  error?: string;
  offset?: number;
}

const vectors: Vector[] = JSON.parse(readFileSync(new URL("../vectors/requests.json", import.meta.url), "utf8"));

/** Inputs longer than this are cut at their ends and at every hundredth place only. */
const LONG = 1500;

/** What the window and the carry area hold before a run; nothing of it may ever show in a result. */
const POISONS = ["\0", " ", "\r\n", "a", "\x7f", "GET / HTTP/1.1\r\nHost: poison\r\n\r\n"].map((text) => ({
  text,
  bytes: Buffer.alloc(abi.WINDOW + abi.WINDOW_SIZE - abi.CARRY, text, "latin1"),
}));

function cuts(length: number): number[] {
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  return length <= LONG ? all : all.filter((at) => at < 200 || at > length - 200 || at % 100 === 0);
}

describe.each(["simd", "scalar"] as const)("request vectors on the %s build", (build) => {
  const parser = new Parser({ build });
  const run = (...pieces: Uint8Array[]): Outcome => readMessages(new MessageReader(parser), pieces);

  test.each(vectors)("$id", (vector) => {
    const bytes = bytesOf(vector.input);
    const whole = run(bytes);

    expect(whole.error).toBe(vector.error ?? "");
    if (vector.offset !== undefined) expect(whole.offset).toBe(vector.offset);
    expect(whole.messages).toHaveLength(vector.messages.length);
    for (const [index, message] of vector.messages.entries()) expect(whole.messages[index]).toMatchObject(message);
    for (const message of whole.messages.slice(0, vector.error ? -1 : undefined)) expect(message.ended).toBe(true);

    const wanted = JSON.stringify(whole);
    const same = (outcome: Outcome, how: string) => {
      if (JSON.stringify(outcome) !== wanted) expect(outcome, how).toEqual(whole);
    };
    for (const { text, bytes: poison } of POISONS) {
      parser.memory.set(poison, abi.CARRY);
      same(run(bytes), `between ${JSON.stringify(text)}`);
    }
    for (const at of cuts(bytes.length)) same(run(bytes.subarray(0, at), bytes.subarray(at)), `cut at ${at}`);
    same(run(...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), "byte by byte");

    // Bytes after a complete or wrong message change nothing of it.
    if (whole.error === "IncompleteMessage") return;
    const next = bytesOf("GET /next HTTP/1.1\r\nHost: next\r\n\r\n");
    const followed = run(bytes, next);
    if (whole.error) expect(followed).toEqual(whole);
    else {
      expect(followed.error).toBe("");
      expect(followed.messages.slice(0, -1)).toEqual(whole.messages);
      expect(followed.messages.at(-1)?.path).toBe("/next");
    }
  });
});
