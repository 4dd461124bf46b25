/** Contender: Pyrois. */
import { App } from "../../dist/index.js";
import { HOST, MESSAGE, PORT, ready } from "./child.mjs";

const app = new App();
app.get("/json", () => MESSAGE);
const server = await app.listen({ host: HOST, port: PORT });
ready(server.address.port);
