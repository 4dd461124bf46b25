/** Contender: Pyrois. */
import { App } from "../../../dist/index.js";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, TEXT } from "../content.mjs";

const app = new App();
app.get("/json", () => MESSAGE);
app.get("/plaintext", () => TEXT);
const server = await app.listen({ host: HOST, port: PORT });
ready(server.address.port);
