/** Responses of a kind. */
import { describe, expect, test } from "vitest";
import { App, empty, HttpResponse, html, REASON_PHRASES, redirect, text, xml } from "../../src/index.ts";

const errors: unknown[] = [];
const app = new App().on("error", (error) => errors.push(error));
app.get("/text", () => text("<b>", { status: 201 }));
app.get("/html", () => html("b"));
app.get("/xml", () => xml("<a/>", { headers: { "Content-Type": "image/svg+xml" } }));
app.get("/empty", () => empty({ headers: { "X-A": "1" } }));
app.get("/away", () => redirect("/é\r\nX: y"));
app.get("/status/{status:int}", ({ params }) => {
  const response = new HttpResponse("x");
  response.status = params.status;
  return response;
});

const answer = async (path: string) => {
  const { status, headers, text } = await app.inject({ path });
  return [status, headers.get("content-type"), text()];
};

test("say what they are", async () => {
  expect(await answer("/text")).toEqual([201, "text/plain; charset=utf-8", "<b>"]);
  expect(await answer("/html")).toEqual([200, "text/html; charset=utf-8", "b"]);
  expect(await answer("/xml")).toEqual([200, "image/svg+xml", "<a/>"]);
  expect(xml("").contentType).toBe("application/xml; charset=utf-8");
  const { status, headers, body } = await app.inject({ path: "/empty" });
  expect([status, headers.get("x-a"), body.length]).toEqual([204, "1", 0]);
  expect([headers.has("content-length"), headers.has("content-type")]).toEqual([false, false]);
  expect(empty({ status: 205 }).status).toBe(205);
  expect([REASON_PHRASES[404], REASON_PHRASES[599]]).toEqual(["Not Found", undefined]);
});

describe("redirect", () => {
  const location = (to: string | URL) => redirect(to).headers.get("Location");

  test("leads where it says, in a field that is whole", async () => {
    const { status, headers, body } = await app.inject({ path: "/away" });
    expect([status, headers.get("location"), headers.has("x"), body.length]).toEqual([
      302,
      "/%C3%A9%0D%0AX:%20y",
      false,
      0,
    ]);
    const response = redirect("/", { status: 308, headers: { Location: "/other", "X-A": "1" } });
    expect([response.status, [...response.headers]]).toEqual([
      308,
      [
        ["X-A", "1"],
        ["Location", "/"],
      ],
    ]);
  });

  test.each([
    ["https://example.com/a?b=c&d=%20#e", "https://example.com/a?b=c&d=%20#e"],
    ["http://[::1]:8080/", "http://[::1]:8080/"],
    ["../a;b", "../a;b"],
    ["?page=2", "?page=2"],
    ["/100%/%zz/%4", "/100%25/%25zz/%254"],
    ["/\\example.com", "/%5Cexample.com"],
    ['/<a href="b">', "/%3Ca%20href=%22b%22%3E"],
    ["/\0\t\x7f", "/%00%09%7F"],
    ["/\ud800😀", "/%EF%BF%BD%F0%9F%98%80"],
  ])("%j", (to, uri) => {
    expect(location(to)).toBe(uri);
  });

  test.each([undefined, null])("%s is no location", (location) => {
    expect(() => redirect(location as unknown as string)).toThrow(`a string or a URL, not ${location}`);
  });

  test("takes a URL", () => {
    expect(location(new URL("http://exämple.com/ä"))).toBe("http://xn--exmple-cua.com/%C3%A4");
  });

  test.each(["", "http://", "http://a:99999/", "http://[::1", "//"])("refuses %j", (to) => {
    expect(() => redirect(to)).toThrow(TypeError);
  });

  test.each([300, 303, 399])("takes the status %d", (status) => {
    expect(redirect("/", { status }).status).toBe(status);
  });

  test.each([200, 299, 304, 400, 302.5, Number.NaN])("refuses the status %d", (status) => {
    expect(() => redirect("/", { status })).toThrow(RangeError);
  });
});

test.each([0, 99, 199, 600, -1])("a status that is none, %d, is a bare 500 and told", async (status) => {
  errors.length = 0;
  const response = await app.inject({ path: `/status/${status}` });
  expect([response.status, response.text()]).toEqual([500, "Internal Server Error\n"]);
  expect(String(errors[0])).toBe(
    `RangeError: the status of a response is a whole number from 200 to 599, not ${status}`,
  );
});
