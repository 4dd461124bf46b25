import { describe, expect, test } from "vitest";
import { serialize } from "../../src/h1/serialize.ts";
import { HttpError, HttpHeaders, HttpResponse, json, toResponse } from "../../src/index.ts";

const plain = { headOnly: false, connection: "" as "" | "close" | "keep-alive" };

function wire(response: HttpResponse, { headOnly, connection } = plain): string {
  const { text, bytes } = serialize(response, connection, headOnly, 1, false);
  return text.replace(/Date: [^\r]*\r\n/, "") + (bytes ? Buffer.from(bytes).toString("latin1") : "");
}

describe("HttpHeaders", () => {
  test("keeps case and order, and compares without case", () => {
    const headers = new HttpHeaders([
      ["X-A", "1"],
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
    headers.append("x-a", "2").set("X-B", "3");
    expect([...headers]).toEqual([
      ["X-A", "1"],
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-a", "2"],
      ["X-B", "3"],
    ]);
    expect(headers.get("SET-COOKIE")).toBe("a=1, b=2");
    expect(headers.getAll("x-a")).toEqual(["1", "2"]);
    expect(headers.set("X-A", "9").getAll("X-a")).toEqual(["9"]);
    expect([headers.has("x-b"), headers.delete("X-b"), headers.has("x-b"), headers.get("x-b")]).toEqual([
      true,
      true,
      false,
      null,
    ]);
    expect(new HttpHeaders({ a: "b" }).size).toBe(1);
  });

  test.each(["", "a b", "a:", "a\r\n", "ä", "a\0"])("refuses the name %j", (name) => {
    expect(() => new HttpHeaders().set(name, "x")).toThrow(TypeError);
  });

  test.each(["a\r\nb", "a\nb", "a\rb", "a\0", "\x7f", "\u010a", "\u010d", "€"])("refuses the value %j", (value) => {
    expect(() => new HttpHeaders().append("X", value)).toThrow(TypeError);
    expect(() => new HttpHeaders({ X: value })).toThrow(TypeError);
  });

  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    [5, "number"],
    [["a=1", "b=2"], "a list"],
  ])("refuses %j, which is no text", (value, shown) => {
    const headers = new HttpHeaders();
    for (const put of ["append", "set"] as const) {
      expect(() => headers[put]("Set-Cookie", value as string)).toThrow(
        `the value of Set-Cookie is no text, but ${shown}`,
      );
    }
    expect(headers.size).toBe(0);
  });
});

describe("serialize", () => {
  test("writes head and text in one piece", () => {
    expect(wire(new HttpResponse("hi"))).toBe(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi",
    );
    expect(wire(json({ a: 1 }, { status: 201, headers: { "X-A": "1" } }), { ...plain, connection: "close" })).toBe(
      'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\nX-A: 1\r\nContent-Length: 7\r\n\r\n{"a":1}',
    );
  });

  test("a Content-Type that is set replaces the inferred one", () => {
    expect(wire(new HttpResponse("hi", { headers: { "content-type": "text/x" } }))).toBe(
      "HTTP/1.1 200 OK\r\ncontent-type: text/x\r\nContent-Length: 2\r\n\r\nhi",
    );
  });

  test("204 and 304 have neither content nor length, HEAD has the length only", () => {
    expect(wire(new HttpResponse(null, { status: 204 }))).toBe("HTTP/1.1 204 No Content\r\n\r\n");
    expect(wire(new HttpResponse(null, { status: 304, headers: { ETag: '"x"' } }))).toBe(
      'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    );
    expect(wire(new HttpResponse("hi"), { ...plain, headOnly: true })).toMatch(/Content-Length: 2\r\n\r\n$/);
    expect(() => wire(new HttpResponse("x", { status: 204 }))).toThrow("has no content");
  });

  test.each([99, 199, 600, 200.5, Number.NaN, -1])("refuses the status %d", (status) => {
    expect(() => wire(new HttpResponse("x", { status }))).toThrow(RangeError);
  });

  test("refuses what would break the framing", () => {
    expect(() => wire(new HttpResponse("hi", { headers: { "Content-Length": "3" } }))).toThrow("has 2 bytes");
    expect(() => wire(new HttpResponse("hi", { headers: { "Content-Length": "2x" } }))).toThrow(TypeError);
    const twice = [
      ["Content-Length", "3"],
      ["content-length", "2"],
    ] as const;
    expect(() => wire(new HttpResponse("hi", { headers: twice }))).toThrow("more than once");
    expect(wire(new HttpResponse("hi", { headers: { "content-length": "2" } }))).toMatch(
      /Content-Length: 2\r\n\r\nhi$/,
    );
    expect(wire(new HttpResponse(null, { headers: { "content-length": "9" } }), { ...plain, headOnly: true })).toMatch(
      /Content-Length: 9\r\n\r\n$/,
    );
    for (const name of ["Transfer-Encoding", "connection", "Keep-Alive"]) {
      expect(() => wire(new HttpResponse("hi", { headers: { [name]: "x" } }))).toThrow("written by the connection");
    }
    const sneaky = new HttpResponse("x", {}, "text/x\r\nX: y");
    expect(() => wire(sneaky)).toThrow(TypeError);
  });
});

describe("fields of the server", () => {
  test("a Date that is set replaces the server's, and Upgrade is named in Connection", () => {
    const dated = wire(new HttpResponse("x", { headers: { date: "now" } }));
    expect(dated.match(/date/gi)).toHaveLength(1);
    const upgrade = new HttpResponse("x", { status: 426, headers: { Upgrade: "websocket" } });
    expect(wire(upgrade)).toContain("Connection: upgrade\r\nUpgrade: websocket\r\n");
    expect(wire(upgrade, { ...plain, connection: "close" })).toContain("Connection: close, upgrade\r\n");
  });

  test("205 is empty and says so, 304 may tell of a length", () => {
    expect(wire(new HttpResponse(null, { status: 205 }))).toMatch(/Content-Length: 0\r\n\r\n$/);
    expect(() => wire(new HttpResponse("x", { status: 205 }))).toThrow("has no content");
    expect(wire(new HttpResponse(null, { status: 304, headers: { "Content-Length": "9" } }))).toMatch(
      /Length: 9\r\n\r\n$/,
    );
  });
});

describe("what a handler returns", () => {
  test("bytes of any kind are bytes", () => {
    expect(toResponse(new Uint8Array([1, 2]).buffer).body).toEqual(new Uint8Array([1, 2]));
    expect(toResponse(Buffer.from("ab")).contentType).toBe("application/octet-stream");
  });

  test.each([
    ["[object Map]", new Map([[1, 2]])],
    ["[object Set]", new Set()],
    ["[object Float64Array]", new Float64Array(2)],
    ["[object DataView]", new DataView(new ArrayBuffer(2))],
    ["[object URLSearchParams]", new URLSearchParams("a=1")],
    ["[object FormData]", new FormData()],
    ["[object Generator]", (function* () {})()],
  ])("%s is refused, which JSON would make {} or an object of", (what, value) => {
    expect(() => toResponse(value)).toThrow(`${what} has no JSON; return a list or an object`);
  });

  test("what says its JSON is taken at its word", () => {
    class Numbers extends Map {
      toJSON() {
        return [...this];
      }
    }
    expect(toResponse(new Numbers().set(1, 2)).body).toBe("[[1,2]]");
    expect(toResponse(Object.create(null)).body).toBe("{}");
    class List extends Array<number> {}
    expect(toResponse(new List()).body).toBe("[]");
  });
});

describe("HttpError and json", () => {
  test("an error has the reason phrase for a message, and only statuses of errors", () => {
    expect(new HttpError(404).message).toBe("Not Found");
    expect(() => new HttpError(200)).toThrow(RangeError);
  });

  test.each([undefined, () => 1, 1n])("json refuses %s", (value) => {
    expect(() => json(value)).toThrow(TypeError);
  });
});
