/** Clients that break the rules, are slow, or go away. What may be answered to them is checked as far as it is known. */
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import requestVectors from "../vectors/requests.json" with { type: "json" };
import { bytesOf, request, requests, type Target } from "./good.ts";
import { type Answer, EndedError, Link } from "./link.ts";
import type { Random } from "./random.ts";

type Session = (target: Target, random: Random, link: Link) => Promise<void>;

/** Served only where a message is read that is none. */
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: soak\r\n\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";
/** What is only missing its end would take what follows for it. */
const WRONG = requestVectors.filter(({ error }) => error !== undefined && error !== "IncompleteMessage");

const post = (path: string, fields: string) => `POST ${path} HTTP/1.1\r\nHost: soak\r\n${fields}`;
const getOf = (path: string) => `GET ${path} HTTP/1.1\r\nHost: soak\r\n\r\n`;

/** A while of any kind: none, a turn, or some milliseconds. */
async function pause(random: Random, most = 20): Promise<void> {
  if (random.oneIn(3)) return;
  await (random.oneIn(2) ? turn() : wait(random.between(1, most)));
}

/** Goes away in one way or the other. */
function leave(random: Random, link: Link): void {
  if (random.oneIn(4)) link.destroy();
  else link.reset();
}

/** Every answer up to the end of the connection; each of them must be a refusal, and there must be one. */
async function refused(link: Link, statuses: readonly number[] = []): Promise<void> {
  const all: Answer[] = [];
  try {
    for (;;) all.push(await link.answer());
  } catch (error) {
    if (!(error instanceof EndedError)) throw error;
  }
  if (all.length === 0) throw new Error("ended without a refusal");
  for (const { status } of all) if (status < 400) throw new Error(`status ${status} for what is wrong`);
  const last = all[all.length - 1].status;
  if (statuses.length > 0 && !statuses.includes(last)) throw new Error(`status ${last}, not ${statuses.join(" or ")}`);
}

/** Writes, and takes what comes meanwhile: a server that refuses need not read the rest. */
async function refusedFor(link: Link, random: Random, bytes: Buffer, statuses: readonly number[] = []): Promise<void> {
  link.writeCut(bytes, random);
  await refused(link, statuses);
}

/**
 * A request to a handler that waits for its client to go; resolves when it is likely at work. Such a client goes by
 * RST: a FIN says only that it sends no more, and it would still have its answer.
 */
async function waiting(target: Target, random: Random, link: Link, kinds: readonly string[]): Promise<void> {
  await link.write(getOf(`/bad/${random.pick(kinds)}/${target.nextId()}`));
  await wait(random.between(1, 40));
}

const quick: Record<string, Session> = {
  garbage: async (_, random, link) => {
    // No method begins with NUL, so this is wrong from its first byte on.
    const bytes = Buffer.concat([Buffer.of(0), random.bytes(random.between(1, 3000)), Buffer.from(SMUGGLED)]);
    await refusedFor(link, random, bytes, [400]);
  },
  "wrong request, with one behind it": async (_, random, link) => {
    await refusedFor(link, random, Buffer.from(random.pick(WRONG).input + SMUGGLED, "latin1"));
  },
  "good requests, then garbage": async (target, random, link) => {
    const asks = requests(target, random, 4, "");
    link.writeCut(Buffer.concat([bytesOf(asks), Buffer.from("\0garbage\r\n\r\n"), Buffer.from(SMUGGLED)]), random);
    for (const ask of asks) ask.check(await link.answer(ask.method));
    await refused(link, [400]);
  },
  "mutated requests": async (target, random, link) => {
    const bytes = bytesOf(requests(target, random, 3, ""));
    for (let edits = random.between(1, 5); edits > 0; --edits) {
      bytes[random.between(0, Math.min(bytes.length - 1, 400))] = random.pick([0, 10, 13, 32, 58, 48, 71, 255]);
    }
    const done = link.writeCut(bytes, random).then(() => link.socket.end());
    await Promise.all([done, link.end()]);
  },
  "head too large": async (_, random, link) => {
    const field = `X-Large: ${"x".repeat(random.between(17_000, 200_000))}\r\n`;
    await refusedFor(link, random, Buffer.from(`GET / HTTP/1.1\r\nHost: soak\r\n${field}\r\n`), [431]);
  },
  "target too long": async (_, random, link) => {
    await refusedFor(link, random, Buffer.from(getOf(`/${"x".repeat(random.between(9000, 15_000))}`)), [414]);
  },
  "too many fields": async (_, random, link) => {
    const fields = "X: y\r\n".repeat(random.between(101, 1000));
    await refusedFor(link, random, Buffer.from(`GET / HTTP/1.1\r\nHost: soak\r\n${fields}\r\n`), [431]);
  },
  "content too large by its length": async (_, random, link) => {
    const length = random.pick(["1048577", "10000000", "4294967301", "9007199254740991"]);
    const head = Buffer.from(post("/echo/large", `Content-Length: ${length}\r\n\r\n`));
    await refusedFor(link, random, Buffer.concat([head, random.bytes(random.between(0, 5000))]), [413]);
  },
  "content too large in chunks": async (_, random, link) => {
    const chunk = `20000\r\n${"x".repeat(0x20000)}\r\n`;
    const path = random.pick(["/echo/large", "/pieces/large"]);
    await refusedFor(link, random, Buffer.from(post(path, CHUNKED) + chunk.repeat(random.between(9, 12))), [413]);
  },
  "opened and dropped": async (_, random, link) => {
    if (random.oneIn(2)) await pause(random, 5);
    leave(random, link);
  },
  "reset anywhere": async (target, random, link) => {
    const bytes = bytesOf(requests(target, random, random.oneIn(3) ? 6 : 1, ""));
    const most = random.oneIn(2) ? Math.min(bytes.length, 300) : bytes.length;
    // What the server does not read would never be written.
    link.writeCut(bytes.subarray(0, random.between(0, most)), random);
    await pause(random);
    leave(random, link);
  },
  "half-closed anywhere": async (target, random, link) => {
    const asks = requests(target, random, 3, "");
    const size = random.between(0, bytesOf(asks).length);
    const done = link.writeCut(bytesOf(asks).subarray(0, size), random).then(() => link.socket.end());
    for (const [at, ask] of asks.entries()) {
      if (bytesOf(asks.slice(0, at + 1)).length <= size) ask.check(await link.answer(ask.method));
    }
    await Promise.all([done, link.end()]);
  },
  "gone while the answer streams": async (target, random, link) => {
    const count = random.between(10, 3000);
    await link.write(getOf(`/stream/${target.nextId()}?count=${count}&ms=${random.between(-1, 2)}`));
    // Less than the whole answer.
    await link.arrived(random.between(1, Math.min(count, 500) * 5));
    leave(random, link);
  },
  "gone from an endless answer": async (target, random, link) => {
    await link.write(getOf(`/bad/endless/${target.nextId()}`));
    await link.arrived(random.between(1, 500_000));
    leave(random, link);
  },
  "gone from a stuck answer": async (target, random, link) => {
    await waiting(target, random, link, ["stuck"]);
    link.reset();
  },
  "gone while the handler waits": async (target, random, link) => {
    await waiting(target, random, link, ["never", "late", "late-stream", "late-throw"]);
    link.reset();
  },
  "gone while the handler waits, with requests behind": async (target, random, link) => {
    await waiting(target, random, link, ["never", "late", "stuck"]);
    await link.write(getOf("/sync/behind").repeat(random.between(1, 3)));
    await pause(random);
    link.reset();
  },
  "gone while the handler waits, after a half-close": async (target, random, link) => {
    await waiting(target, random, link, ["never", "late", "stuck"]);
    await new Promise<void>((resolve) => link.socket.end(resolve));
    await pause(random);
    link.reset();
  },
  "gone while the handler waits, with content owed": async (target, random, link) => {
    await link.write(post(`/echo/${target.nextId()}`, "Content-Length: 500000\r\n\r\n"));
    link.writeCut(random.bytes(random.between(0, 3000)), random);
    await pause(random);
    leave(random, link);
  },
  "answers that fail": async (target, random, link) => {
    await link.write(getOf(`/bad/${random.pick(["middle", "short", "long"])}/${target.nextId()}`));
    try {
      await link.answer();
    } catch (error) {
      if (error instanceof EndedError) return;
      throw error;
    }
    throw new Error("an answer that fails in the middle looks complete");
  },
};

const slow: Record<string, Session> = {
  "slow head": async (_, random, link) => {
    await link.write("GET / HTTP/1.1\r\nHost: soak\r\nX-Slow: ");
    const drip = setInterval(() => link.write("x"), random.between(50, 500));
    try {
      await refused(link, [408]);
    } finally {
      clearInterval(drip);
    }
  },
  "slow content": async (_, random, link) => {
    const framing = random.pick(["Content-Length: 1000\r\n\r\n", `${CHUNKED}5\r\nhello\r\n`]);
    await link.write(post(random.pick(["/echo/slow", "/pieces/slow"]), framing));
    for (let pieces = random.between(0, 4); pieces > 0; --pieces) {
      await link.write(framing.startsWith("C") ? "x" : "1\r\nx\r\n");
      await wait(random.between(1, 500));
    }
    await refused(link, [408]);
  },
  "never a byte": async (_target, _random, link) => {
    if ((await link.end()).length > 0) throw new Error("an answer to nothing");
  },
  "big answer unread": async (target, random, link) => {
    const path = random.pick([`/big/${target.nextId()}`, `/bad/endless/${target.nextId()}`]);
    link.socket.pause();
    await link.write(getOf(path).repeat(random.oneIn(2) ? 1 : 5));
    await wait(random.between(10, 1.5 * target.patience));
    leave(random, link);
  },
  "big answer read slowly": async (target, random, link) => {
    const ask = request(target, random);
    await link.write(getOf(`/big/${target.nextId()}`) + ask.head);
    const reading = setInterval(() => {
      if (link.socket.isPaused()) link.socket.resume();
      else link.socket.pause();
    }, 20);
    try {
      const { status } = await link.answer();
      if (status !== 200) throw new Error(`status ${status}`);
    } finally {
      clearInterval(reading);
      link.socket.resume();
    }
    await link.write(ask.content);
    ask.check(await link.answer(ask.method));
  },
  "answers unread, requests without end": async (_, random, link) => {
    link.socket.pause();
    const bytes = Buffer.from(getOf("/sync/pipelined").repeat(1000));
    const end = performance.now() + random.between(100, 3000);
    while (performance.now() < end && link.socket.writableLength < 1_000_000) {
      link.write(bytes);
      await wait(5);
    }
    leave(random, link);
  },
};

async function run(sessions: Record<string, Session>, target: Target, random: Random): Promise<void> {
  const kind = random.pick(Object.keys(sessions));
  const link = new Link(target.port);
  try {
    await sessions[kind](target, random, link);
    target.count(kind);
  } catch (cause) {
    throw new Error(`${kind}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  } finally {
    link.destroy();
  }
}

/** One connection of a client that does something wrong, or goes. */
export const hostileSession = (target: Target, random: Random): Promise<void> => run(quick, target, random);

/** One connection of a client that takes its time. */
export const slowSession = (target: Target, random: Random): Promise<void> => run(slow, target, random);
