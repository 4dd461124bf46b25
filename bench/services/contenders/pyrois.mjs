/** Contender: Pyrois with the service that the workload is about; of the others it loads nothing. */
import { readFileSync } from "node:fs";
import { App, HttpResponse } from "../../../dist/index.js";
import { HOST, PORT, ready } from "../../load/child.mjs";
import { GZIP_LEVEL, LIST, MESSAGE, PAGE, WORKLOAD } from "../content.mjs";
import { filesFolder, logFile } from "../folder.mjs";

const ROOT = new URL("../../../", import.meta.url);

const app = new App();

/** Loads every entry that the package has, those that are no modules left out. */
async function importAll() {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  const modules = Object.values(exports).flatMap((entry) => entry.default ?? []);
  await Promise.all(modules.map((module) => import(new URL(module, ROOT).href)));
}

async function serveFiles() {
  const { staticFiles } = await import("../../../dist/services/static.js");
  app.include(staticFiles(filesFolder()), { prefix: "/files" });
}

const workloads = {
  async "access-log"() {
    const { accessLog } = await import("../../../dist/services/logger.js");
    accessLog(app, { format: "combined", to: logFile() });
    app.get("/json", () => MESSAGE);
  },
  async compression() {
    const { compression } = await import("../../../dist/middleware/index.js");
    app.on("response", compression({ codings: ["gzip"], level: GZIP_LEVEL }));
    app.get("/json", () => new HttpResponse(LIST, { headers: { "Content-Type": "application/json" } }));
  },
  "static-small": serveFiles,
  "static-large": serveFiles,
  async cached() {
    const { cached } = await import("../../../dist/services/cache.js");
    let made = 0;
    const page = () => {
      ++made;
      return PAGE;
    };
    app.get("/page", page, { middleware: [cached({ timeout: 60 })] });
    app.get("/made", () => ({ made }));
  },
  async off() {
    await importAll();
    app.get("/json", () => MESSAGE);
  },
};
await workloads[WORKLOAD]();

const server = await app.listen({ host: HOST, port: PORT });
ready(server.address.port);
