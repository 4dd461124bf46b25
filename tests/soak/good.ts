/** Clients that do everything right, and check every answer against what they asked for. */
import { type Answer, Link } from "./link.ts";
import type { Random } from "./random.ts";

/** Where clients go, and how requests are told apart. */
export interface Target {
  readonly port: number;
  /** Milliseconds that the server waits for slow clients. */
  readonly patience: number;
  /** Another id that no request had. */
  readonly nextId: () => string;
  /** Counts an event of some kind. */
  readonly count: (kind: string) => void;
}

export interface Ask {
  readonly kind: string;
  readonly method: string;
  readonly head: string;
  readonly content: Buffer;
  /** Throws where the answer is not the one that this request should get. */
  readonly check: (answer: Answer) => void;
}

/** How the request ends its connection, if it does. */
type Last = "" | "close" | "1.0" | "fin";

const MAX_BODY = 1_048_576;
const EMPTY = Buffer.alloc(0);
/** Content is cut from here; its beginning is the request's id, so that no two are alike. */
const NOISE = Buffer.from(Uint8Array.from({ length: 2 * MAX_BODY }, (_, at) => (at * 2654435761) >>> 11));

function contentOf(id: string, random: Random): Buffer {
  const dice = random.between(0, 99);
  const most = dice < 60 ? 2000 : dice < 90 ? 40_000 : dice < 98 ? 300_000 : MAX_BODY;
  const size = dice === 99 ? MAX_BODY : random.between(0, most);
  const at = random.between(0, NOISE.length - size);
  const content = Buffer.from(NOISE.subarray(at, at + size));
  content.write(id, "latin1");
  return content;
}

/** Content in chunks of any sizes, with extensions here and there. */
export function chunked(content: Buffer, random: Random, trailers: string): Buffer {
  const pieces: (Buffer | string)[] = [];
  const most = random.pick([10, 1000, 50_000, MAX_BODY]);
  // Tiny chunks of large content would only be slow.
  const least = Math.ceil(content.length / 500);
  for (let at = 0; at < content.length; ) {
    const size = Math.min(content.length - at, Math.max(least, random.between(1, most)));
    pieces.push(
      `${size.toString(16)}${random.oneIn(5) ? ';soak="1"' : ""}\r\n`,
      content.subarray(at, at + size),
      "\r\n",
    );
    at += size;
  }
  pieces.push(`0\r\n${trailers}\r\n`);
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)));
}

function headOf(method: string, target: string, id: string, last: Last, more: string): string {
  const version = last === "1.0" ? "1.0" : "1.1";
  const close = last === "close" ? "Connection: close\r\n" : "";
  return `${method} ${target} HTTP/${version}\r\nHost: soak\r\nX-Id: ${id}\r\n${close}${more}\r\n`;
}

function same(what: string, actual: unknown, wanted: unknown): void {
  if (actual !== wanted) throw new Error(`${what} is ${String(actual).slice(0, 100)}, not ${String(wanted)}`);
}

/** Throws where the answer is another request's, or its content is not this. */
function checkAnswer(answer: Answer, id: string, wanted: Buffer): void {
  same("status", answer.status, 200);
  same("the id of the path", answer.headers.get("x-path-id"), id);
  same("the id of the field", answer.headers.get("x-header-id"), id);
  if (!answer.body.equals(wanted)) {
    throw new Error(`content of ${answer.body.length} bytes differs from the ${wanted.length} of ${id}`);
  }
}

const counted = (id: string, count: number) =>
  Buffer.from(Array.from({ length: count }, (_, at) => `${id}:${at};`).join(""), "latin1");

function get(kind: string, random: Random, id: string, last: Last): Ask {
  const count = random.oneIn(10) ? random.between(0, 2000) : random.between(0, 20);
  const pause = count > 20 ? -1 : random.between(-1, 3);
  const [target, wanted] = {
    sync: [`/sync/${id}`, Buffer.from(id)],
    wait: [`/wait/${id}?ms=${random.between(-1, 15)}`, Buffer.from(id)],
    stream: [`/stream/${id}?count=${count}&ms=${pause}`, counted(id, count)],
    length: [`/length/${id}?count=${count}`, counted(id, count)],
  }[kind] as [string, Buffer];
  const method = random.oneIn(8) ? "HEAD" : "GET";
  const body = method === "HEAD" ? EMPTY : wanted;
  return {
    kind: method === "HEAD" ? `HEAD ${kind}` : `GET ${kind}`,
    method,
    head: headOf(
      method,
      target,
      id,
      last,
      random.oneIn(20) ? `X-Long: ${"l".repeat(random.between(1, 9000))}\r\n` : "",
    ),
    content: EMPTY,
    check: (answer) => checkAnswer(answer, id, body),
  };
}

function post(kind: string, random: Random, id: string, last: Last): Ask {
  const content = contentOf(id, random);
  const inChunks = last !== "1.0" && (kind === "trailers" || random.oneIn(2));
  const framing = inChunks ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${content.length}\r\n`;
  const query = kind === "pieces" ? `?ms=${random.between(-1, 1)}` : "";
  const trailers = inChunks && kind === "trailers" ? `X-End: ${id}\r\n` : "";
  return {
    kind: `POST ${kind}${inChunks ? " chunked" : ""}`,
    method: "POST",
    head: headOf("POST", `/${kind}/${id}${query}`, id, last, framing),
    content: inChunks ? chunked(content, random, trailers) : content,
    check: (answer) => {
      checkAnswer(answer, id, kind === "ignore" ? Buffer.from(id) : content);
      if (trailers !== "") same("the trailer", answer.headers.get("x-trailer"), id);
    },
  };
}

/** A handler that fails before it has an answer: the client is told, and the connection goes on. */
function failing(kind: string, random: Random, id: string, last: Last): Ask {
  return {
    kind: `GET ${kind} (500)`,
    method: "GET",
    head: headOf("GET", `/bad/${kind}/${id}?ms=${random.between(-1, 5)}`, id, last, ""),
    content: EMPTY,
    check: ({ status, body }) => {
      same("status", status, 500);
      same("content", body.toString(), "Internal Server Error\n");
    },
  };
}

/** A request that should be answered as it says. */
export function request(target: Target, random: Random, last: Last = ""): Ask {
  const id = target.nextId();
  const dice = random.between(0, 19);
  if (dice < 10) return get(random.pick(["sync", "sync", "wait", "wait", "stream", "length"]), random, id, last);
  if (dice < 18) {
    return post(random.pick(["echo", "echo", "pieces", "through", "ignore", "trailers"]), random, id, last);
  }
  return failing(random.pick(["throw", "reject"]), random, id, last);
}

/** A few requests, of which the last one may say that it is the last. */
export function requests(target: Target, random: Random, most: number, last: Last): Ask[] {
  const count = random.between(1, most);
  return Array.from({ length: count }, (_, at) => request(target, random, at === count - 1 ? last : ""));
}

export const bytesOf = (asks: readonly Ask[]): Buffer =>
  Buffer.concat(asks.flatMap(({ head, content }) => [Buffer.from(head, "latin1"), content]));

/** Sends requests in one go and reads their answers, in order. */
async function batch(target: Target, link: Link, random: Random, asks: readonly Ask[], fin: boolean): Promise<void> {
  const written = link.writeCut(bytesOf(asks), random).then(() => fin && link.socket.end());
  for (const ask of asks) {
    ask.check(await link.answer(ask.method));
    target.count(ask.kind);
  }
  if (asks.length > 1) target.count("pipelined");
  await written;
}

/** Holds content back until it is told to go on (RFC 9110 §10.1.1). */
async function expectContinue(target: Target, link: Link, random: Random): Promise<void> {
  const ask = post(random.pick(["echo", "pieces"]), random, target.nextId(), "");
  const held = ask.content.length > 0;
  await link.write(ask.head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
  if (held) {
    same("status before the content", (await link.head()).status, 100);
    await link.writeCut(ask.content, random);
  }
  ask.check(await link.answer());
  target.count("Expect: 100-continue");
}

async function ends(link: Link): Promise<void> {
  same("bytes after the last answer", (await link.end()).length, 0);
}

/** One connection of a client that does everything right. */
export async function goodSession(target: Target, random: Random): Promise<void> {
  const link = new Link(target.port);
  try {
    for (let rounds = random.between(0, 3); rounds > 0; --rounds) {
      if (random.oneIn(6)) await expectContinue(target, link, random);
      else await batch(target, link, random, requests(target, random, random.oneIn(3) ? 10 : 1, ""), false);
    }
    const last = random.pick<Last>(["", "", "close", "close", "1.0", "fin"]);
    await batch(target, link, random, requests(target, random, random.oneIn(3) ? 6 : 1, last), last === "fin");
    if (last !== "") {
      await ends(link);
      target.count(last === "close" ? "Connection: close" : last === "fin" ? "half-closed" : "HTTP/1.0");
    } else if (random.oneIn(2)) {
      link.socket.end();
      await ends(link);
    }
  } finally {
    link.destroy();
  }
}
