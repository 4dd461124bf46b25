/** Commands for curl: what they send, once a shell has read them, is what was sent. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Details, Summary } from "../../src/dev/inspector/entries.ts";
import { inspector } from "../../src/dev/inspector.ts";
import { App, type Server } from "../../src/index.ts";
import { RawClient } from "../support/client.ts";

type CurlOf = (head: Uint8Array, content: Uint8Array, origin: string) => string | null;

const script = new URL("../../src/dev/inspector/page/curl.js", import.meta.url).href;
const { curlOf } = (await import(/* @vite-ignore */ script)) as { curlOf: CurlOf };
const run = promisify(execFile);
const hasCurl = existsSync("/usr/bin/curl");
const SHELLS = ["/bin/sh", "/bin/bash", "/bin/zsh"].filter(existsSync);
/** What shells could read each in its own way; of the rest one is enough. */
const TRICKY = /hostile|bytes|byte|escapes|line ends|zero|dash/;

const app = new App();
const routes = inspector(app, { showSecrets: true, maxContent: 300_000 });
let server: Server;
beforeAll(async () => {
  app.include(routes);
  app.route("/{rest:path}", async (request) => String((await request.bytes()).length), { methods: "*" });
  app.on("request", (request) => request.bytes());
  server = await app.listen({ port: 0 });
});
afterAll(async () => {
  routes.close();
  await app.close({ deadline: 0 });
});

/** The last exchange, once it is over. */
async function last(): Promise<Details> {
  const { entries } = (await app.inject({ path: "/_dev/exchanges" })).json() as { entries: Summary[] };
  return (await app.inject({ path: `/_dev/exchanges/${entries.at(-1)?.id}` })).json() as Details;
}

const bytesOf = (base64: string) => Buffer.from(base64, "base64");

/** What a request says, whatever the order of its fields: curl has Host first, and reckons the length itself. */
function said(details: Details) {
  const head = bytesOf(details.head).toString("latin1");
  const [line, ...fields] = head.trim().split("\r\n");
  return {
    line,
    fields: fields.map((field) => field.replace(/:\s*/, ": ").trim()).sort(),
    content: details.request.bytes,
  };
}

const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
const HOSTILE = `it's "quoted" $HOME \`id\` $(id) \\ !! %s %% * ? [a] {b} ~ # & | ; < > é €`;

/** A request as it is sent; Host is put in, and the length of the content. */
const request = (line: string, fields: readonly string[] = [], content?: string): string => {
  const length = content === undefined ? [] : [`Content-Length: ${content.length}`];
  return [`${line} HTTP/1.1`, "Host: HOST", ...fields, ...length, "", content ?? ""].join("\r\n");
};

const utf8 = (text: string) => Buffer.from(text).toString("latin1");

const REQUESTS: [string, string][] = [
  ["a plain one", request("GET /a/b.txt?c=d&e=f")],
  ["what curl would add", request("GET /", ["Accept: text/html", "User-Agent: me"])],
  ["an empty field", request("GET /", ["X-Empty:", "X-Other: 1"])],
  ["fields of the same name", request("GET /", ["X-A: 1", "X-A: 2", "x-a: 3"])],
  ["another host", request("GET /").replace("HOST", "other.example:81")],
  ["HTTP/1.0 without a host", "GET /old HTTP/1.0\r\nAccept: */*\r\n\r\n"],
  ["HEAD", request("HEAD /head")],
  ["a method of one's own", request("PURGE /x")],
  ["DELETE with content", request("DELETE /x", ["Content-Type: text/plain"], "x")],
  ["GET with content", request("GET /x", [], "x")],
  ["POST without content", request("POST /x", [], "")],
  ["POST without a length", request("POST /x")],
  ["the server as a whole", request("OPTIONS *")],
  ["an absolute target", request("GET http://HOST/absolute?x=%2f")],
  ["dot segments", request("GET /a/../b/./c/..")],
  ["escapes, brackets and braces", request("GET /%2f%7E/[1-3]/{a,b}/'$(id)'?x='y'&z=%zz|\\^`")],
  ["a field that is hostile", request("GET /", [`X-Hostile: ${utf8(HOSTILE)}`])],
  ["a field with bytes that are no text", request("GET /", ["X-Bytes: caf\xe9 \xff % \\ ' ! \t end"])],
  ["secrets", request("GET /", ["Authorization: Bearer a'b", "Cookie: a=b; c=d"])],
  ["JSON", request("POST /", ["Content-Type: application/json"], '{"it\'s":"a \\"text\\"\\n"}')],
  [
    "a form, which curl would name",
    request("POST /", ["Content-Type: application/x-www-form-urlencoded"], "a=b&c=%20"),
  ],
  ["content without a type", request("POST /", [], "plain")],
  ["content that begins like a file", request("POST /", [], "@/etc/passwd")],
  ["content that is hostile", request("POST /", [], utf8(HOSTILE))],
  ["content with line ends", request("POST /", [], "one\ntwo\n\n")],
  ["content with CR LF", request("POST /", [], "one\r\ntwo\r\n")],
  ["content with every byte", request("POST /", [], ALL_BYTES)],
  ["content that begins with a dash", request("POST /", [], "-n\x00")],
  ["content of one zero", request("POST /", [], "\0")],
  ["large content", request("POST /", ["Expect: 100-continue"], "x'%\\\n".repeat(40_000))],
  ["large content, at once", request("POST /", [], "x".repeat(200_000))],
  ["chunks", `${request("POST /", ["Transfer-Encoding: chunked"])}3\r\nabc\r\n0\r\n\r\n`],
  ["chunks without content", `${request("POST /", ["Transfer-Encoding: chunked"])}0\r\n\r\n`],
  ["the end of the connection", request("GET /", ["Connection: close"])],
];

test.runIf(hasCurl).each(REQUESTS)("%s", async (name, sent) => {
  const host = `127.0.0.1:${server.address.port}`;
  const client = new RawClient(server.address.port);
  await client.write(sent.replace("HOST", host));
  await client.until(() => /HTTP\/1\.1 (?:[2-5]\d\d)[\s\S]*\r\n\r\n/.test(client.received));
  client.destroy();
  const first = await last();
  const command = curlOf(bytesOf(first.head), bytesOf(first.request.bytes), `http://${host}`);
  for (const shell of TRICKY.test(name) ? SHELLS : SHELLS.slice(0, 1)) {
    // No settings of a user's own. As what is typed: an argument has bounds that a line has not.
    const running = run(shell, ["-s"]);
    running.child.stdin?.end(`${command}`.replace(/(^|\| )curl /, "$1curl -q -sS "));
    await running;
    const again = await last();
    expect(again.id, "nothing was sent").toBeGreaterThan(first.id);
    expect(said(again), `${shell}: ${command?.slice(0, 500)}`).toEqual(said(first));
  }
});

test("a tunnel is none of them", () => {
  const head = Buffer.from("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
  expect(curlOf(head, new Uint8Array(0), "http://localhost")).toBeNull();
});
