/** Contender: Pyrois without the service, and without any other. */
import { App } from "../../../dist/index.js";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PAGE } from "../content.mjs";

const app = new App();
app.get("/json", () => MESSAGE);
app.get("/page", () => PAGE);

const server = await app.listen({ host: HOST, port: PORT });
ready(server.address.port);
