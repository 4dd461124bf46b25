/** The client's side: what servers do wrong, answer early or never, and what that leaves of the connection. */
import { describe, expect, test } from "vitest";
import type { OutgoingRequest } from "../../src/h1/index.ts";
import { bytes, connectClient, pieces, settled, text } from "../support/pair.ts";

const GET: OutgoingRequest = { method: "GET", target: "/", host: "a" };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("what is wrong fails all that is under way", () => {
  test.each([
    ["HTTP/2.0 200 OK\r\n\r\n", "UnsupportedVersion"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "InvalidStatusLine"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "RepeatedContentLength"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "LengthWithTransferEncoding"],
  ])("%j", async (received, name) => {
    const { client, clientEnd } = connectClient();
    const both = Promise.allSettled([client.request(GET), client.request(GET)]);
    client.receive(bytes(received));
    expect(await both).toMatchObject([{ reason: { name } }, { reason: { name } }]);
    expect([client.reusable, client.idle, clientEnd.destroyed]).toEqual([false, true, true]);
    expect(() => client.request(GET)).toThrow("takes no more requests");
    client.receive(bytes(OK));
    client.finish();
  });

  test.each([
    ["before the head", "", "head"],
    ["in the head", "HTTP/1.1 200", "head"],
    ["in content by length", OK.slice(0, -1), "content"],
    ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "content"],
  ])("a server that goes %s", async (_, received, where) => {
    const { client } = connectClient();
    const response = client.request(GET);
    client.receive(bytes(received));
    client.finish();
    const outcome = where === "head" ? response : (await response).content.bytes();
    await expect(outcome).rejects.toMatchObject({ name: "IncompleteMessage" });
    expect([client.reusable, client.idle]).toEqual([false, true]);
  });

  test.each([OK, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"])(
    "a response that nobody asked for ends the connection: %j",
    async (received) => {
      const { client, clientEnd } = connectClient();
      client.receive(bytes(received));
      expect([client.reusable, clientEnd.destroyed]).toEqual([false, true]);
      const two = connectClient();
      const response = two.client.request(GET);
      two.client.receive(bytes(OK + received));
      expect(text(await (await response).content.bytes())).toBe("ok");
      expect([two.client.reusable, two.clientEnd.destroyed]).toEqual([false, true]);
    },
  );

  test("another protocol that nobody asked for is none", async () => {
    const { client, clientEnd } = connectClient();
    const response = client.request({ ...GET, method: "POST", body: "\r\nUpgrade: x\r\n\r\n" });
    client.receive(bytes("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes"));
    await expect(response).rejects.toThrow("nobody asked for");
    expect([clientEnd.destroyed, clientEnd.taken]).toEqual([true, null]);
  });

  test("a listener for informational responses that throws", async () => {
    const { client } = connectClient();
    const response = client.request(GET, () => {
      throw new Error("in the listener");
    });
    client.receive(bytes("HTTP/1.1 103 Early Hints\r\n\r\n"));
    await expect(response).rejects.toThrow("in the listener");
  });
});

describe("another protocol", () => {
  test.each<[string, OutgoingRequest, string]>([
    ["Upgrade", { ...GET, fields: [["upgrade", "x"]] }, "101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x"],
    ["CONNECT", { ...GET, method: "CONNECT", target: "a:1" }, "200 OK"],
  ])("%s: the stream, what was read of it, and no more HTTP", async (_, request, head) => {
    const { client, clientEnd } = connectClient();
    const [first, second] = [client.request(request), client.request(GET)];
    second.catch(() => {});
    client.receive(bytes(`HTTP/1.1 ${head}\r\n\r\nHTTP/1.1 200 OK`));
    const { taken, content } = await first;
    expect([taken?.stream === clientEnd, text(taken?.unread ?? bytes(""))]).toEqual([true, "HTTP/1.1 200 OK"]);
    expect((await content.bytes()).length).toBe(0);
    await expect(second).rejects.toThrow("another protocol");
    expect([client.reusable, client.idle, clientEnd.destroyed]).toEqual([false, true, false]);
  });

  test("that is refused leaves the connection as it is", async () => {
    const { client } = connectClient();
    const response = client.request({ ...GET, method: "CONNECT", target: "a:1" });
    client.receive(bytes("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"));
    expect([text(await (await response).content.bytes()), (await response).taken]).toEqual(["no", null]);
    expect(client.reusable).toBe(true);
  });
});

describe("early responses", () => {
  test("end the sending of content, and the connection", async () => {
    const { client, clientEnd } = connectClient();
    let closed = false;
    async function* endless() {
      try {
        for (;;) {
          await settled();
          yield "more";
        }
      } finally {
        closed = true;
      }
    }
    const response = client.request({ ...GET, method: "POST", body: endless() });
    await settled();
    client.receive(bytes(OK));
    expect(text(await (await response).content.bytes())).toBe("ok");
    for (let turns = 0; turns < 4; ++turns) await settled();
    const { written } = clientEnd;
    await settled();
    expect([closed, clientEnd.written === written, clientEnd.ended]).toEqual([true, true, true]);
    expect([client.reusable, client.idle]).toEqual([false, true]);
  });
});

describe("content that cannot be sent", () => {
  const fails = async function* fails() {
    yield "some";
    throw new Error("in the source");
  };
  const four = [["Content-Length", "4"]] as const;

  test.each<[string, Partial<OutgoingRequest>, string]>([
    ["a source that fails", { body: fails() }, "in the source"],
    ["more than was announced", { body: pieces("some", "more"), fields: four }, "Content-Length says 4"],
    ["less than was announced", { body: pieces("so"), fields: four }, "Content-Length says 4"],
    ["a piece that is none", { body: pieces(5 as unknown as string) }, "a piece of content"],
    [
      "trailers that fail",
      { body: pieces("a"), trailers: () => Promise.reject(new Error("no trailers")) },
      "no trailers",
    ],
    ["a trailer that may not be one", { body: pieces("a"), trailers: () => [["Host", "b"]] }, "may not follow"],
  ])("%s fails its request and those after it", async (_, request, reason) => {
    const { client, clientEnd } = connectClient();
    const both = await Promise.allSettled([client.request({ ...GET, method: "PUT", ...request }), client.request(GET)]);
    for (const outcome of both) expect(String((outcome as PromiseRejectedResult).reason)).toContain(reason);
    expect([client.reusable, client.idle, clientEnd.destroyed]).toEqual([false, true, true]);
    expect(clientEnd.written).not.toContain("GET");
  });

  test.each<[string, Partial<OutgoingRequest>]>([
    ["a method that is none", { method: "A B" }],
    ["a target with a space", { target: "/a b" }],
    ["a target that splits", { target: "/\r\nX: y" }],
    ["a host that splits", { host: "a\r\nX: y" }],
    ["a host that is none", { host: "a/b" }],
    ["a second host", { fields: [["host", "b"]] }],
    ["a field that splits", { fields: [["X", "a\nb"]] }],
    ["framing", { fields: [["Transfer-Encoding", "chunked"]] }],
    ["a wrong length", { body: "ab", fields: [["Content-Length", "3"]] }],
  ])("%s is refused, and nothing is written", (_, request) => {
    const { client, clientEnd } = connectClient();
    expect(() => client.request({ ...GET, ...request })).toThrow(TypeError);
    expect([clientEnd.written, client.reusable, client.idle]).toEqual(["", true, true]);
  });
});

describe("what may follow", () => {
  test.each<[string, Partial<OutgoingRequest>, string, boolean]>([
    ["a plain response", {}, OK, true],
    ["Connection: close", {}, OK.replace("\r\n", "\r\nConnection: close\r\n"), false],
    ["HTTP/1.0", {}, OK.replace("1.1", "1.0"), false],
    ["HTTP/1.0 that is kept", {}, OK.replace("1.1 200 OK", "1.0 200 OK\r\nConnection: keep-alive"), true],
    ["a request that closes", { close: true }, OK, false],
  ])("after %s", async (_, request, received, reusable) => {
    const { client, clientEnd } = connectClient();
    const response = client.request({ ...GET, ...request });
    expect(client.reusable).toBe(request.close !== true);
    client.receive(bytes(received));
    expect(text(await (await response).content.bytes())).toBe("ok");
    expect([client.reusable, client.idle, clientEnd.ended]).toEqual([reusable, true, !reusable]);
    if (!reusable) expect(() => client.request(GET)).toThrow("takes no more requests");
  });

  test("requests behind a response that closes fail, and the one before them does not", async () => {
    const { client } = connectClient();
    const [first, second] = [client.request(GET), client.request(GET)];
    client.receive(bytes(OK.replace("\r\n", "\r\nConnection: close\r\n") + OK));
    await expect(second).rejects.toMatchObject({ name: "IncompleteMessage" });
    expect(text(await (await first).content.bytes())).toBe("ok");
  });

  test("content that is left in the middle holds nobody up", async () => {
    const { client } = connectClient();
    const [first, second] = [client.request(GET), client.request(GET)];
    const size = 300_000;
    client.receive(bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(1000)}`));
    for await (const piece of (await first).content.pieces()) {
      expect(piece.length).toBe(1000);
      break;
    }
    for (let sent = 1000; sent < size; sent += 1000) client.receive(bytes("x".repeat(1000)));
    client.receive(bytes(OK));
    expect(text(await (await second).content.bytes())).toBe("ok");
  });

  test("a server that closes an idle connection leaves none", () => {
    const { client, clientEnd } = connectClient();
    client.finish();
    expect([client.reusable, client.idle, clientEnd.destroyed]).toEqual([false, true, true]);
  });
});
