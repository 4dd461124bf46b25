/**
 * `pyrois/node/register`: has an application that uses node:http run on this server, as it is, with
 * `node --import pyrois/node/register app.js` (or `--require`).
 */
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { createServer, Server } from "./server.ts";

Object.assign(http, { createServer, Server });
syncBuiltinESMExports();
