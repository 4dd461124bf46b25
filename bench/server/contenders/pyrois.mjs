/** Contender: Pyrois. */
import { App } from "../../../dist/index.js";
import { HOST, MAX_CONTENT, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

const app = new App();
app.get("/json", () => MESSAGE);
app.get("/close", () => MESSAGE);
app.get("/browser", ({ headers }) => ({
  agent: headers.get("user-agent").length,
  language: headers.get("accept-language").length,
  cookie: headers.get("cookie").length,
}));
app.get("/async", async () => {
  await Promise.resolve();
  return MESSAGE;
});
app.post("/json", async (request) => {
  const { id } = await request.json();
  return { id };
});
app.get("/bytes", () => PIECE);
app.get("/stream", () => pieces());
app.post("/upload", async (request) => {
  let length = 0;
  for await (const piece of request.body) length += piece.length;
  return { length };
});
const server = await app.listen({ host: HOST, port: PORT, maxBodySize: MAX_CONTENT });
ready(server.address.port);
