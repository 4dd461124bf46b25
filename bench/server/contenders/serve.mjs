/** Contender: Pyrois without its framework, one function that makes a response of each request. */
import { HttpResponse, serve } from "../../../dist/index.js";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE } from "../content.mjs";

const CONTENT = JSON.stringify(MESSAGE);

const server = await serve(
  ({ path }) =>
    path === "/json"
      ? new HttpResponse(CONTENT, undefined, "application/json")
      : new HttpResponse("Not Found\n", { status: 404 }),
  { host: HOST, port: PORT },
);
ready(server.address.port);
