/** What has broken a connection once, at either of its ends. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange } from "../../src/h1/index.ts";
import { bytes, connectPair, message, pieces, settled, text } from "../support/pair.ts";

const get = (target: string, more = "") => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

describe("clients", () => {
  test("content that has come whole outlasts what other connections read", async () => {
    const group = new ConnectionGroup({ request: (exchange) => void exchange.respond(message(exchange.head.target)) });
    const [one, two] = [connectPair(group), connectPair(group)];
    const first = await one.client.request({ method: "GET", target: "/first", host: "a" });
    await two.client.request({ method: "GET", target: "/other", host: "a" });
    expect(text(await first.content.bytes())).toBe("/first");
  });
});
