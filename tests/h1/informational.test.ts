/** Responses before the response: 100, which the connection sends, and 102 and 103, which handlers do. */
import { describe, expect, test } from "vitest";
import { ConnectionGroup, type Exchange } from "../../src/h1/index.ts";
import { bytes, connectPair, connectServer, message, pieces, request, settled, text } from "../support/pair.ts";

const expecting = (length: number, content = "") =>
  request("POST /", `Content-Length: ${length}\r\nExpect: 100-continue\r\n`, content);
const statuses = (written: string) => written.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];

function held() {
  const exchanges: Exchange[] = [];
  const connection = connectServer(new ConnectionGroup({ request: (exchange) => void exchanges.push(exchange) }));
  return { ...connection, exchanges, statuses: () => statuses(connection.serverEnd.written) };
}

describe("102 and 103", () => {
  test.each([1, 7, Number.POSITIVE_INFINITY])("reach the client in order, in pieces of %d bytes", async (cut) => {
    const group = new ConnectionGroup({
      async request(exchange) {
        exchange.inform(103, [["Link", "</a>; rel=preload"]]);
        await settled();
        exchange.inform(102);
        exchange.inform(103, [["Link", "</b>"]]);
        exchange.respond(message(exchange.head.target));
      },
    });
    const { client } = connectPair(group, cut);
    const all = await Promise.all(
      ["/1", "/2"].map(async (target) => {
        const seen: string[] = [];
        const response = await client.request({ method: "GET", target, host: "a" }, ({ status, headers }) =>
          seen.push(`${status} ${headers.get("link")}`),
        );
        return [...seen, text(await response.content.bytes())];
      }),
    );
    const informed = ["103 </a>; rel=preload", "102 null", "103 </b>"];
    expect(all).toEqual([
      [...informed, "/1"],
      [...informed, "/2"],
    ]);
  });

  test("wait for the answers before them", async () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes(request("GET /1") + request("GET /2")));
    exchanges[1].inform(103);
    exchanges[1].respond(message("2", { status: 202 }));
    exchanges[0].inform(102);
    expect(statuses()).toEqual(["102"]);
    exchanges[0].respond(message("1"));
    expect(statuses()).toEqual(["102", "200", "103", "202"]);
  });

  test("HTTP/1.0 gets none", () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes("GET / HTTP/1.0\r\n\r\n"));
    exchanges[0].inform(103);
    exchanges[0].respond(message("ok"));
    expect(statuses()).toEqual(["200"]);
  });

  test("are refused where they make no sense", () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes(request("GET /")));
    const [exchange] = exchanges;
    for (const status of [99, 100, 101, 200, 204, 102.5, Number.NaN]) {
      expect(() => exchange.inform(status)).toThrow(RangeError);
    }
    for (const name of ["Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "a b"]) {
      expect(() => exchange.inform(103, [[name, "1"]])).toThrow(TypeError);
    }
    expect(() => exchange.inform(103, [["Link", "a\r\nb"]])).toThrow(TypeError);
    exchange.respond(message("ok"));
    expect(() => exchange.inform(103)).toThrow("already has its response");
    expect(statuses()).toEqual(["200"]);
  });

  test("are not sent once the client has gone, nor beside an answer that streams", async () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes(request("GET /1") + request("GET /2")));
    exchanges[1].inform(103);
    exchanges[0].respond(message(pieces("a", "b")));
    expect(() => exchanges[0].inform(102)).toThrow("already has its response");
    server.abort();
    expect(() => exchanges[1].inform(103)).toThrow("no longer valid");
    await settled();
    expect(statuses()).toEqual(["200"]);
  });
});

describe("100 (Continue)", () => {
  test("is sent when content is first asked for, and once", async () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes(expecting(4)));
    expect([exchanges.length, statuses()]).toEqual([1, []]);
    const [content] = [exchanges[0].content.bytes(), exchanges[0].content.bytes()];
    expect(statuses()).toEqual(["100"]);
    server.receive(bytes("ab"));
    server.receive(bytes("cd"));
    exchanges[0].respond(message(await content));
    expect(statuses()).toEqual(["100", "200"]);
  });

  test("is not sent where content has come already", async () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes(expecting(4, "a")));
    const content = exchanges[0].content.bytes();
    server.receive(bytes(`bcd${expecting(0)}`));
    exchanges[0].respond(message(await content));
    await settled();
    exchanges[1].respond(message(await exchanges[1].content.bytes()));
    expect(statuses()).toEqual(["200", "200"]);
  });

  test("is not sent where the answer comes first; then the connection closes", async () => {
    const { server, serverEnd, exchanges, statuses } = held();
    server.receive(bytes(expecting(4)));
    const { content } = exchanges[0];
    exchanges[0].respond(message("no", { status: 403 }));
    await expect(content.bytes()).rejects.toThrow("no longer valid");
    server.receive(bytes(`abcd${request("GET /")}`));
    expect(serverEnd.written).toMatch(/^HTTP\/1.1 403 [\s\S]*\r\nConnection: close\r\n[\s\S]*no$/);
    expect([statuses(), exchanges.length, serverEnd.ended]).toEqual([["403"], 1, true]);
  });

  test("waits for the answers before it, with its request", async () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes(request("GET /") + expecting(2)));
    expect(exchanges).toHaveLength(1);
    exchanges[0].respond(message("ok"));
    await settled();
    const content = exchanges[1].content.bytes();
    expect(statuses()).toEqual(["200", "100"]);
    server.receive(bytes("ab"));
    exchanges[1].respond(message(await content));
    expect(statuses()).toEqual(["200", "100", "200"]);
  });

  test("HTTP/1.0 gets none", () => {
    const { server, exchanges, statuses } = held();
    server.receive(bytes("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    exchanges[0].content.bytes();
    expect(statuses()).toEqual([]);
  });

  test.each([1, 7, Number.POSITIVE_INFINITY])("a client waits for it with its content, cut %d", async (cut) => {
    let wanted = true;
    const group = new ConnectionGroup({
      async request(exchange) {
        await settled();
        if (wanted) exchange.respond(message(await exchange.content.bytes()));
        else exchange.respond(message("no", { status: 413 }));
      },
    });
    const { client, clientEnd } = connectPair(group, cut);
    for (const body of ["some content", pieces("some", " content")]) {
      const seen: number[] = [];
      const ask = { method: "POST", target: "/", host: "a", body, expectContinue: true };
      const response = await client.request(ask, ({ status }) => seen.push(status));
      expect([seen, text(await response.content.bytes())]).toEqual([[100], "some content"]);
    }
    wanted = false;
    const body = pieces("never");
    const response = await client.request({ method: "POST", target: "/", host: "a", body, expectContinue: true });
    expect([response.head.status, text(await response.content.bytes())]).toEqual([413, "no"]);
    expect(clientEnd.written).not.toContain("never");
    expect([client.reusable, client.idle]).toEqual([false, true]);
    expect(await body.next()).toEqual({ done: true, value: undefined });
  });
});
