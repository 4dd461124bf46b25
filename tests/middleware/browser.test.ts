/** Sessions and tokens in a real browser, and a page of another site that would like to have them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { App, html, type Server } from "../../src/index.ts";
import { csrf } from "../../src/middleware/index.ts";
import { session, sessionOf } from "../../src/services/session.ts";
import { MemoryStore } from "../../src/services/stores.ts";
import { browser, evaluateInPage } from "../support/browser.ts";

const keys = ["a key of a session with 32 characters or more"];
/** What came in, as the server saw it: where from, and whether with the cookie. */
const seen: string[] = [];
const app = new App();
const other = new App();
let server: Server;
let evil: Server;

app.use((next) => (request) => {
  const { method, path, headers } = request;
  const cookie = "session" in request.cookies ? "cookie" : "no cookie";
  if (path === "/transfer") seen.push(`${method} ${headers.get("sec-fetch-site")} ${cookie}`);
  return next(request);
});
app.use(session({ keys, store: new MemoryStore() }));
app.use(csrf());
app.get("/", (request) => {
  sessionOf(request).set("count", 0);
  return html(`<form method="post" action="/transfer" target="frame"><input name="_csrf" value="${request.state.csrf}">
    </form><iframe name="frame"></iframe><body data-token="${request.state.csrf}">`);
});
app.get("/count", (request) => {
  const current = sessionOf(request);
  current.set("count", (current.get<number>("count") ?? 0) + 1);
  return { count: current.get("count") };
});
app.get("/transfer", () => "no");
app.post("/transfer", async (request) => `done ${(await request.form()).has("_csrf")}`);

beforeAll(async () => {
  server = await app.listen({ port: 0 });
  other.get("/", () =>
    html(`<form method="post" action="${server.url}transfer" target="frame"></form><iframe name="frame"></iframe><script>
      const target = "${server.url}transfer";
      const attempt = (method) => fetch(target, { method, mode: "no-cors", credentials: "include" });
      const sent = new Promise((resolve) => { document.querySelector("iframe").onload = resolve; });
      document.forms[0].submit();
      Promise.all([sent, attempt("GET"), attempt("POST")]).then(() => parent.postMessage("tried", "*"));
    </script>`),
  );
  evil = await other.listen({ port: 0 });
});
afterAll(async () => {
  await Promise.all([app.close({ deadline: 0 }), other.close({ deadline: 0 })]);
});

const script = (elsewhere: string) => `document.readyState !== "complete" ? null : (async () => {
  const text = async (answer) => (await answer).text();
  const token = document.body.dataset.token;
  const post = (headers) => fetch("/transfer", { method: "POST", body: new URLSearchParams({ _csrf: "" }), headers });
  const results = { cookie: document.cookie };
  results.counts = [await text(fetch("/count")), await text(fetch("/count"))];
  results.posts = [(await post({})).status, (await post({ "X-CSRF-Token": token })).status];
  const frame = document.querySelector("iframe");
  const loaded = new Promise((resolve) => { frame.onload = resolve; });
  document.forms[0].submit();
  await loaded;
  results.form = frame.contentDocument.body.innerText;
  const told = new Promise((resolve) => addEventListener("message", resolve));
  document.body.append(Object.assign(document.createElement("iframe"), { src: ${JSON.stringify(elsewhere)} }));
  results.evil = (await told).data;
  return results;
})()`;

test.runIf(browser)("a browser keeps its session from scripts and from other sites", async () => {
  const elsewhere = evil.url.replace("127.0.0.1", "localhost");
  expect(await evaluateInPage(server.url, script(elsewhere))).toEqual({
    cookie: "",
    counts: ['{"count":1}', '{"count":2}'],
    posts: [403, 200],
    form: "done true",
    evil: "tried",
  });
  expect(seen.slice(0, 3)).toEqual(Array(3).fill("POST same-origin cookie"));
  expect(seen.slice(3).sort()).toEqual([
    "GET cross-site no cookie",
    "POST cross-site no cookie",
    "POST cross-site no cookie",
  ]);
});
