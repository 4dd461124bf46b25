/** A server of plain `node:net` that uses nothing but the parser: it answers each request with what it read. */
import { createServer } from "node:net";
import { ParseError, type RequestHead, RequestParser } from "pyrois/parser";

const encoder = new TextEncoder();

/** The answer to one request. */
function answer(head: RequestHead, size: number): string {
  const body = `${head.method} ${head.path} with ${head.headers.size} fields and ${size} bytes of content\n`;
  const connection = head.keepAlive ? "" : "Connection: close\r\n";
  const start = `HTTP/1.1 200 OK\r\nDate: ${new Date().toUTCString()}\r\n${connection}`;
  const length = `Content-Length: ${encoder.encode(body).length}\r\n\r\n`;
  return start + length + (head.method === "HEAD" ? "" : body);
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const requests = new RequestParser();
  let head: RequestHead | undefined;
  let size = 0;

  const fail = (error: unknown) => {
    const status = error instanceof ParseError ? error.status : 500;
    socket.end(`HTTP/1.1 ${status} Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  };
  socket.on("data", (chunk) => {
    if (socket.writableEnded) return;
    try {
      for (const event of requests.push(chunk)) {
        if (event.type === "head") {
          head = event.head;
          size = 0;
        } else if (event.type === "data") size += event.data.length;
        else if (event.type === "end" && head) {
          socket.write(answer(head, size), "latin1");
          if (head.keepAlive) continue;
          socket.end();
          return;
        }
      }
    } catch (error) {
      fail(error);
    }
  });
  socket.on("end", () => {
    try {
      if (!socket.writableEnded) requests.finish();
      socket.end();
    } catch (error) {
      fail(error);
    }
  });
  socket.on("error", () => socket.destroy());
});

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}/`);
});
