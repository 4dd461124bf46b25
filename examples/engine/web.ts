/** The connection engine under streams of the web: what Deno and Workers give for a connection. */
import { createServer } from "node:net";
import { Writable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import type { ConnectionGroup } from "pyrois/h1";
import { newGroup } from "./answer.ts";

interface Streams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

const encode = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Puts a connection of the engine between two streams and its group. */
async function serve({ readable, writable }: Streams, group: ConnectionGroup): Promise<void> {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const gone = () => connection.abort();
  let unsent = 0;
  let go = () => {};
  let paused: Promise<void> | null = null;

  const resume = () => {
    paused = null;
    go();
  };
  const destroy = () => {
    writer.abort().catch(() => {});
    reader.cancel().catch(() => {});
    resume();
  };
  const connection = group.connect({
    peer: {},
    write(pieces) {
      for (const piece of pieces) {
        const bytes = typeof piece === "string" ? encode(piece) : piece;
        unsent += bytes.length;
        writer.write(bytes).then(() => {
          unsent -= bytes.length;
          if (unsent === 0) connection.drained();
        }, gone);
      }
      return (writer.desiredSize ?? 0) > 0;
    },
    unsent: () => unsent,
    end: () => {
      writer.close().catch(gone);
      resume();
    },
    destroy,
    reset: destroy,
    // Streams of the web tell of what happens below them whether they are read or not.
    probe: () => {},
    pause() {
      paused ??= new Promise((resolve) => {
        go = resolve;
      });
    },
    resume,
    detach: () => ({ readable, writable }),
  });

  try {
    for (;;) {
      if (paused) await paused;
      const { done, value } = await reader.read();
      if (done) break;
      connection.receive(value);
    }
    connection.finish();
    await writer.closed;
  } catch {
    // The other end has gone, which abort() says.
  }
  gone();
}

const group = newGroup();
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  // Not by Duplex.toWeb, whose readable side does not end before the writable one does.
  const readable = ReadableStream.from<Uint8Array>(socket.iterator({ destroyOnReturn: false }));
  serve({ readable, writable: Writable.toWeb(socket) }, group);
});
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}/`);
});
