/** Client against server in memory: both sides of a connection, and nothing else. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange, type OutgoingMessage } from "../../src/h1/index.ts";
import { connectPair } from "../support/pair.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const answer = (body: OutgoingMessage["body"], status = 200): OutgoingMessage => ({
  status,
  contentType: null,
  fields: null,
  body,
  trailers: null,
});

/** Answers with method, target and content. */
function echo(exchange: Exchange): void {
  const { method, target } = exchange.head;
  exchange.content.bytes().then((bytes) => exchange.respond(answer(`${method} ${target} ${text(bytes)}`)));
}

async function* pieces(...all: (string | Uint8Array)[]) {
  yield* all;
}

describe.each([1, 7, Number.POSITIVE_INFINITY])("in pieces of %d bytes", (cut) => {
  test("requests of every framing get their responses, in order", async () => {
    const { client } = connectPair(new ConnectionGroup({ request: echo }), cut);
    const send = async (method: string, target: string, body: OutgoingMessage["body"] = null) => {
      const response = await client.request({ method, target, host: "a", body });
      return `${response.head.status} ${text(await response.content.bytes())}`;
    };
    expect(
      await Promise.all([
        send("GET", "/1"),
        send("POST", "/2", "two"),
        send("PUT", "/3", pieces("th", "r", new Uint8Array([0x65, 0x65]))),
        send("DELETE", "/4"),
        send("POST", "/5", "x".repeat(100_000)),
        send("OPTIONS", "*"),
      ]),
    ).toEqual([
      "200 GET /1 ",
      "200 POST /2 two",
      "200 PUT /3 three",
      "200 DELETE /4 ",
      `200 POST /5 ${"x".repeat(100_000)}`,
      "200 OPTIONS * ",
    ]);
    expect(client.reusable).toBe(true);
  });
});
