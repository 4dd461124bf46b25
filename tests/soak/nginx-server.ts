/** What is served behind nginx, with the options that a server has by default. */
import { App } from "pyrois";

const app = new App();
app.get("/echo", () => "");
app.post("/echo", (request) => request.text());
process.on("disconnect", () => process.exit());
await app.run({
  port: 0,
  onListen(server) {
    process.on("message", () => process.send?.(server.counters));
    process.send?.(server.address.port);
  },
});
process.disconnect?.();
