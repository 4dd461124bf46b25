/** What the types say: checked by `tsc`, which fails where something is, or is not, an error against what stands here. */
import { expect, test } from "vitest";
import { App, type Handler, type Socket } from "../../src/index.ts";

const sockets = new Set<Socket>();

test("handlers as the README has them, and as they are written elsewhere", () => {
  const app = new App();
  app.get("/hello/{name}/{more}", ({ params }) => `Hello, ${params.name} ${params.more}!`);
  // @ts-expect-error: no such parameter
  app.get("/typo/{name}", ({ params }) => params.nmae ?? null);
  // @ts-expect-error: no parameters at all
  app.get("/none", ({ params }) => params.name ?? null);
  const [known, any]: [Handler<{ id: string }>, Handler] = [(request) => request.params.id, (request) => request.path];
  app.get("/known/{id}", known).get("/any/{id}", any).get("/any", any);
  // @ts-expect-error: a handler of another path
  app.get("/other/{name}", known);
  const pattern: string = "/later/{id}";
  app.get(pattern, ({ params }) => params.id ?? null);

  app.ws("/chat/{room}", {
    upgrade: (request) => ({ user: request.headers.get("x-user") }),
    open: (socket) => socket.send(`Welcome to ${socket.params.room}, ${socket.data.user}`),
    message: (socket) => sockets.add(socket),
    close: (socket) => sockets.delete(socket),
  });
  // @ts-expect-error: no such parameter
  app.ws("/typo-chat/{room}", { open: (socket) => socket.params.rom });
  expect(sockets.size).toBe(0);
});
