/** The demo server of `npm start`: every kind of route on one page. */
import { App, HttpResponse } from "pyrois";
import { serve } from "./serve.ts";

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Pyrois</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
  h1 { font-size: 2.5rem; margin: 0; } li { margin: .4rem 0; }
  output { display: block; white-space: pre-wrap; font-family: ui-monospace, monospace; min-height: 1.6em; }
</style>
<h1>Pyrois</h1>
<p>This page came through a parser in WebAssembly. Try the other routes:
<ul>
  <li><a href="/json">GET /json</a>
  <li><a href="/hello/world">GET /hello/{name}</a>
  <li><a href="/count">GET /count</a>, which comes piece by piece
  <li><form id="echo"><input name="text" value="Hello, Echo!" aria-label="text to echo"> <button>POST /echo</button></form>
</ul>
<output id="answer"></output>
<p id="socket">WebSocket: not connected
<script>
  const socket = new WebSocket(location.href.replace(/^http/, "ws") + "socket");
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => { document.getElementById("socket").textContent = "WebSocket: " + data; };
  socket.onclose = () => { document.getElementById("socket").textContent = "WebSocket: closed"; };
  document.getElementById("echo").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch("/echo", { method: "POST", body: new FormData(event.target).get("text") });
    document.getElementById("answer").textContent = await answer.text();
  });
</script>
</html>
`;

const app = new App();
app.get("/", () => page);
app.get("/json", () => ({ message: "Hello, World!" }));
app.get("/hello/{name}", ({ params }) => `Hello, ${params.name}!`);
app.post("/echo", async (request) => {
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  return new HttpResponse(await request.bytes(), { headers: { "Content-Type": type } });
});

app.get("/count", async function* () {
  for (let count = 1; count <= 5; ++count) {
    yield `${count}\n`;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
});
app.ws("/socket", {
  message: async (socket, message) => {
    await socket.send(`${message} comes back`);
  },
});

await serve(app, (url) => [
  `Pyrois listens on ${url}`,
  "",
  `  ${url}              a page`,
  `  ${url}json          JSON`,
  `  ${url}hello/you     a parameter`,
  `  ${url}count         a stream`,
  `  ${url}echo          returns what it is sent`,
  "",
  `Try:  curl -d 'hello' ${url}echo`,
  "Stop: Ctrl-C",
]);
