/** Who a request comes from: proxies that are trusted are believed, and nobody else is. */
import { mkdtempSync, rmSync } from "node:fs";
import { request as ask } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { App } from "../../src/index.ts";
import { type TrustedProxiesOptions, trustedProxies } from "../../src/middleware/index.ts";

/** What is found of a request that comes from 127.0.0.1. */
async function found(list: readonly string[], headers: Record<string, string>, options?: TrustedProxiesOptions) {
  const app = new App().use(trustedProxies(list, options));
  app.get("/", ({ state }) => Object.values(state.client ?? {}));
  return (await app.inject({ headers: { Host: "here", ...headers } })).json();
}

const HERE = ["127.0.0.1", "http", "here"];
const X = (address: string, more: Record<string, string> = {}) => ({ "X-Forwarded-For": address, ...more });
const forwarded = (value: string) => found(["loopback", "10.0.0.0/8"], { Forwarded: value }, { fields: "forwarded" });

describe("X-Forwarded-For", () => {
  test.each([
    ["nobody is trusted", [], "192.0.2.1", HERE],
    ["another is trusted", ["127.0.0.2"], "192.0.2.1", HERE],
    ["the connection is", ["127.0.0.1"], "192.0.2.1", ["192.0.2.1", "http", "here"]],
    ["by range", ["127.0.0.0/30"], "192.0.2.1", ["192.0.2.1", "http", "here"]],
    ["not by the range beside", ["127.0.0.4/30"], "192.0.2.1", HERE],
    [
      "what a client has written before does not count",
      ["loopback"],
      "1.1.1.1, 192.0.2.1",
      ["192.0.2.1", "http", "here"],
    ],
    ["hops are followed", ["loopback", "10.0.0.0/8"], "1.1.1.1,192.0.2.1, 10.0.0.1", ["192.0.2.1", "http", "here"]],
    ["to the end", ["loopback", "private"], "192.168.0.1, 172.31.0.1", ["192.168.0.1", "http", "here"]],
    ["IPv6", ["loopback"], "2001:DB8::1", ["2001:db8::1", "http", "here"]],
    ["IPv6 with a port", ["loopback"], "[2001:db8::1]:80", ["2001:db8::1", "http", "here"]],
    ["IPv4 with a port", ["loopback"], "192.0.2.1:8080", ["192.0.2.1", "http", "here"]],
    ["IPv4 within IPv6", ["loopback", "10.0.0.1"], "192.0.2.1, ::ffff:10.0.0.1", ["192.0.2.1", "http", "here"]],
  ])("%s", async (_, list, value, wanted) => {
    expect(await found(list, X(value))).toEqual(wanted);
  });

  test.each([
    "",
    ",",
    "unknown",
    "1.2.3",
    "0x7f.1",
    "127.1",
    "1.2.3.4.5",
    "256.1.1.1",
    "fe80::1%eth0",
    "a.example",
    "1.1.1.1;x",
  ])("what is no address is as if it were not there: %j", async (value) => {
    expect(await found(["loopback"], X(value))).toEqual(HERE);
    expect(await found(["loopback"], X(`1.1.1.1, ${value}`))).toEqual(HERE);
  });
});

describe("X-Forwarded-Proto and -Host", () => {
  const more = (protocol: string, host: string) => ({ "X-Forwarded-Proto": protocol, "X-Forwarded-Host": host });

  test("count from whom is trusted", async () => {
    const said = X("192.0.2.1", more("https", "example.org:8443"));
    expect(await found(["loopback"], said)).toEqual(["192.0.2.1", "https", "example.org:8443"]);
    expect(await found([], said)).toEqual(HERE);
    expect(await found(["loopback"], more("HTTPS", "[::1]:80"))).toEqual(["127.0.0.1", "https", "[::1]:80"]);
  });

  test("where there are as many as hops, each has its own; else the nearest counts", async () => {
    const hops = ["loopback", "10.0.0.1"];
    const said = (addresses: string) => X(addresses, more("http, https, http", "evil, outer, inner"));
    expect(await found(hops, said("1.1.1.1, 192.0.2.1, 10.0.0.1"))).toEqual(["192.0.2.1", "https", "outer"]);
    expect(await found(hops, said("192.0.2.1, 10.0.0.1"))).toEqual(["192.0.2.1", "http", "inner"]);
  });

  test.each(["a b", "a/b", "user@host", "a\\b", "<x>", "host:port", "", "a:123456", "[x]", "a,b c"])(
    "what makes no sense is ignored: %j",
    async (text) => {
      expect(await found(["loopback"], X("192.0.2.1", more(text, text)))).toEqual(["192.0.2.1", "http", "here"]);
    },
  );
});

describe("Forwarded", () => {
  test.each([
    ["for=192.0.2.1", ["192.0.2.1", "http", "here"]],
    ['For="[2001:db8::1]:4711"; Proto=HTTPS; host="a.example:8443";by=x', ["2001:db8::1", "https", "a.example:8443"]],
    ["for=1.1.1.1;proto=https, for=192.0.2.1;host=b, for=10.0.0.1;proto=https", ["192.0.2.1", "https", "b"]],
    ["for=_hidden;proto=https;host=a", ["127.0.0.1", "https", "a"]],
    ["proto=https", ["127.0.0.1", "https", "here"]],
    ["for=unknown", HERE],
    ['for="', HERE],
    ["for=192.0.2.1;for=1.1.1.1", HERE],
    ["for 192.0.2.1", HERE],
    ["", HERE],
    // What a client has written cannot swallow what the proxy adds.
    ['for=1.1.1.1;host=", for=192.0.2.1', ["192.0.2.1", "http", "here"]],
    ['x="\\", for=192.0.2.1;proto=https', ["192.0.2.1", "https", "here"]],
  ])("%s", async (value, wanted) => {
    expect(await forwarded(value)).toEqual(wanted);
  });

  test("the fields of the other kind do not count", async () => {
    expect(await found(["loopback"], { ...X("1.1.1.1"), Forwarded: "for=2.2.2.2" })).toEqual([
      "1.1.1.1",
      "http",
      "here",
    ]);
    const other = { fields: "forwarded" } as const;
    expect(await found(["loopback"], { ...X("1.1.1.1"), Forwarded: "for=2.2.2.2" }, other)).toEqual([
      "2.2.2.2",
      "http",
      "here",
    ]);
  });

  test("a long list takes no longer than it is", async () => {
    const value = `${"for=1.1.1.1,".repeat(600)}for=192.0.2.1`;
    expect(await forwarded(value)).toEqual(["192.0.2.1", "http", "here"]);
  });
});

test.skipIf(process.platform === "win32")("a Unix socket is trusted where that is said", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pyrois-proxies-"));
  const socketPath = path.join(folder, "socket");
  const over = async (list: readonly string[]) => {
    const app = new App().use(trustedProxies(list));
    app.get("/", ({ state }) => ({ ...state.client }));
    await app.listen({ path: socketPath });
    const text = await new Promise<string>((resolve, reject) => {
      const options = { socketPath, agent: false as const, headers: { ...X("192.0.2.1"), Host: "here" } };
      ask(options, async (response) => {
        let body = "";
        for await (const piece of response) body += piece;
        resolve(body);
      })
        .on("error", reject)
        .end();
    });
    await app.close({ deadline: 0 });
    return JSON.parse(text);
  };
  try {
    expect(await over(["unix"])).toEqual({ address: "192.0.2.1", protocol: "http", host: "here" });
    expect(await over(["loopback"])).toEqual({ protocol: "http", host: "here" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("lists and options that make no sense are refused", () => {
  for (const text of [
    "",
    "local",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "1.2.3",
    "constructor",
  ]) {
    expect(() => trustedProxies([text]), text).toThrow(`ranges of them, not ${JSON.stringify(text)}`);
  }
  expect(() => trustedProxies([], { fields: "x" as "forwarded" })).toThrow("fields is one of x-forwarded, forwarded");
});
