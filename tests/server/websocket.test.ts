/** WebSocket beside HTTP, with a real client and with raw bytes. */
import { once } from "node:events";
import { constants, deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { App, HttpError, type Socket, type WebSocketHandlers, type WebSocketOptions } from "../../src/index.ts";
import { RawClient } from "../support/client.ts";
import { deferred } from "../support/deferred.ts";

const apps: App[] = [];
const errors: unknown[] = [];

afterEach(async () => {
  errors.length = 0;
  await Promise.all(apps.splice(0).map((app) => app.close({ deadline: 0 })));
});

async function serve(handlers: WebSocketHandlers, options: WebSocketOptions = {}): Promise<number> {
  const app = new App().on("error", (error) => errors.push(error));
  apps.push(app);
  app.get("/", () => "http");
  app.ws("/echo/{room}", handlers, options);
  return (await app.listen({ port: 0 })).address.port;
}

/** Handlers of one test. */
let handlers: WebSocketHandlers;
beforeEach(() => {
  handlers = {};
});

/** Resolves when everything had its turn that waits for nothing from outside. */
const settled = () => new Promise<true>((resolve) => setImmediate(() => resolve(true)));

const echo: WebSocketHandlers = {
  message: async (socket, message) => {
    await socket.send(message);
  },
};

async function connect(port: number, path = "/echo/a", protocols: string[] = [], options = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
  client.on("error", () => {});
  await once(client, "open");
  return client;
}

/** The next message as it came. */
async function next(client: WebSocket): Promise<string | Buffer> {
  const [data, isBinary] = await once(client, "message");
  return isBinary ? data : data.toString();
}

async function closed(client: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = await once(client, "close");
  return [code, reason.toString()];
}

describe("messages", () => {
  test("text and bytes of every size pass both ways, and HTTP beside them", async () => {
    const port = await serve(echo);
    const client = await connect(port);
    for (const message of ["", "hé", "x".repeat(200), "y".repeat(70_000), Buffer.alloc(100_000, 7), Buffer.alloc(0)]) {
      client.send(message);
      expect(await next(client)).toEqual(message);
    }
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("http");
    client.close(4001, "done");
    expect(await closed(client)).toEqual([4001, "done"]);
  });

  test("come one after the other, though their handlers take time", async () => {
    const order: string[] = [];
    let atWork = 0;
    const port = await serve({
      message: async (socket, message) => {
        expect(++atWork).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(String(message));
        --atWork;
        if (order.length === 200) socket.send("all");
      },
    });
    const client = await connect(port);
    for (let index = 0; index < 200; ++index) client.send(String(index));
    expect(await next(client)).toBe("all");
    expect(order).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
    client.close();
  });

  test.each([[true], [false]])("that come in great number leave others their turn, asynchronous: %j", async (waits) => {
    const many = 2000;
    let [handled, before] = [0, 0];
    const all = new Promise<void>((resolve) => {
      handlers.message = () => {
        if (handled === 0) setImmediate(() => setImmediate(() => (before = handled)));
        if (++handled === many) setImmediate(() => setImmediate(resolve));
        return waits ? Promise.resolve() : undefined;
      };
    });
    const client = new RawClient(await serve(handlers));
    await client.write(handshake());
    await client.until(() => client.received.includes("\r\n\r\n"));
    await client.write("\x81\x81\0\0\0\0x".repeat(many));
    await all;
    expect(before).toBeLessThan(many);
    client.destroy();
  });

  test("a socket knows its request, and what upgrade has returned", async () => {
    const app = new App();
    apps.push(app);
    app.ws("/rooms/{room}", {
      upgrade: async (request) => {
        await Promise.resolve();
        return { user: request.headers.get("x-user") };
      },
      open: async (socket) => {
        const { room } = socket.params;
        await socket.send([room, socket.target, socket.data.user, socket.headers.get("X-User"), socket.open].join());
      },
    });
    const { address } = await app.listen({ port: 0 });
    const client = new WebSocket(`ws://127.0.0.1:${address.port}/rooms/b%20c?q`, { headers: { "X-User": "u" } });
    expect(await next(client)).toBe("b c,/rooms/b%20c?q,u,u,true");
    client.close();
  });

  test("a socket tells by its signal that it is closed, also to whoever asks later", async () => {
    const ended = deferred<boolean[]>();
    const port = await serve({
      open: ({ signal }) => {
        const before = signal.aborted;
        signal.addEventListener("abort", () => ended.resolve([before, signal.aborted]));
      },
    });
    (await connect(port)).close();
    expect(await ended.promise).toEqual([false, true]);
    const late = deferred<boolean>();
    handlers.close = ({ signal }) => late.resolve(signal.aborted);
    (await connect(await serve(handlers))).terminate();
    expect(await late.promise).toBe(true);
  });

  test("that come with the handshake are not lost", async () => {
    const client = new RawClient(await serve(echo));
    const frame = String.fromCharCode(0x81, 0x82, 0, 0, 0, 0);
    await client.write(`${handshake()}${frame}hi`);
    await client.until(() => client.received.endsWith("hi"));
    expect(client.received).toMatch(/^HTTP\/1\.1 101 [\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
    client.destroy();
  });

  test("compression is agreed on where it is switched on", async () => {
    const packed = await connect(await serve(echo, { compression: true }));
    expect(packed.extensions).toContain("permessage-deflate");
    packed.send("z".repeat(50_000));
    expect(await next(packed)).toBe("z".repeat(50_000));
    packed.close();
    const plain = await connect(await serve(echo));
    expect(plain.extensions).toBe("");
    plain.close();
  });
});

describe("limits", () => {
  test("a message at its limit passes, and one byte more closes with 1009", async () => {
    const port = await serve(echo, { maxMessageSize: 100, compression: true });
    const client = await connect(port);
    client.send("x".repeat(100));
    expect(await next(client)).toBe("x".repeat(100));
    client.send("x".repeat(101));
    expect((await closed(client))[0]).toBe(1009);
    // What is small only as long as it is packed.
    const bomb = await connect(port, "/echo/a", [], { perMessageDeflate: { threshold: 0 } });
    bomb.send("x".repeat(1_000_000));
    expect((await closed(bomb))[0]).toBe(1009);
  });

  test("a client that does not answer a ping is cut, one that does is kept", async () => {
    const port = await serve(echo, { pingInterval: 50 });
    const live = await connect(port);
    const dead = await connect(port, "/echo/a", [], { autoPong: false });
    expect((await closed(dead))[0]).toBe(1006);
    live.send("still here");
    expect(await next(live)).toBe("still here");
    live.close();
  });

  test("a ping that is due later than any timer can wait is never sent", async () => {
    const client = await connect(await serve(echo, { pingInterval: 2 ** 31 }));
    const outcome = Promise.race([once(client, "ping"), closed(client), once(client, "message")]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send("kept");
    expect(String((await outcome)[0])).toBe("kept");
    client.close();
  });

  test("a client is kept whose message is at work for longer than a ping may take", async () => {
    let finish: () => void = () => {};
    const client = await connect(
      await serve(
        {
          message: async (socket) => {
            await new Promise<void>((resolve) => {
              finish = resolve;
            });
            await socket.send("done");
          },
        },
        { pingInterval: 20 },
      ),
    );
    client.send("x");
    for (let pings = 0; pings < 10; ++pings) await Promise.race([once(client, "ping"), once(client, "close")]);
    finish();
    expect(await Promise.race([next(client), closed(client)])).toBe("done");
    client.close();
  });

  test("a client that reads nothing is cut though its message is at work", async () => {
    const ended = new Promise<boolean>((resolve) => {
      handlers.message = async (socket) => {
        let going = true;
        while (going) going = await socket.send("x".repeat(1_000_000));
        resolve(socket.open);
      };
    });
    const client = await connect(await serve(handlers, { pingInterval: 50 }));
    client.pause();
    client.send("x");
    expect(await ended).toBe(false);
    client.terminate();
  });

  test("packed messages do not fill the memory while they wait", async () => {
    let [taken, release] = [0, () => {}];
    const gone = new Promise<number>((resolve) => {
      handlers.message = () => {
        ++taken;
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      };
      handlers.close = (_, code) => resolve(code);
    });
    const client = new RawClient(await serve(handlers, { compression: true }));
    const extension = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";
    await client.write(handshake({ fields: `Sec-WebSocket-Version: 13\r\n${KEY}${extension}` }));
    await client.until(() => client.received.includes("\r\n\r\n"));
    const packed = deflateRawSync("x".repeat(1_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    const frame = Buffer.concat([
      Buffer.from([0xc1, 0xfe, packed.length >> 8, packed.length & 255, 0, 0, 0, 0]),
      packed,
    ]);
    await client.write(frame.toString("latin1").repeat(40));
    await client.end();
    while (await Promise.race([gone.then(() => false), settled()])) release();
    expect(await gone).toBe(1006);
    expect(taken).toBeLessThan(20);
    client.destroy();
  });

  test("a client that does not read is cut when too much waits for it", async () => {
    const sent = deferred<boolean>();
    const port = await serve(
      {
        open: async (socket) => {
          for (let count = 0; count < 10_000 && socket.open; ++count) socket.send("x".repeat(100_000));
          sent.resolve(await socket.send("after"));
        },
      },
      { maxUnsentSize: 1_000_000 },
    );
    const client = new WebSocket(`ws://127.0.0.1:${port}/echo/a`);
    client.on("error", () => {});
    client.pause();
    expect(await sent.promise).toBe(false);
    client.terminate();
  });

  test.each(["maxMessageSize", "maxUnsentSize", "pingInterval"])("%s out of its range is refused at once", (name) => {
    for (const value of [0, -1, Number.NaN]) {
      expect(() => new App().ws("/", {}, { [name]: value })).toThrow(new RegExp(`^${name} must be`));
    }
  });
});

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
function handshake({ line = "GET /echo/a HTTP/1.1", fields = `Sec-WebSocket-Version: 13\r\n${KEY}` } = {}): string {
  return `${line}\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields}\r\n`;
}

describe("handshakes", () => {
  test.each<[name: string, parts: Parameters<typeof handshake>[0] & {}, status: number]>([
    ["no key", { fields: "Sec-WebSocket-Version: 13\r\n" }, 400],
    ["a short key", { fields: "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n" }, 400],
    ["two keys", { fields: `Sec-WebSocket-Version: 13\r\n${KEY}${KEY}` }, 400],
    ["no base64", { fields: "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n" }, 400],
    ["version 8", { fields: `Sec-WebSocket-Version: 8\r\n${KEY}` }, 426],
    ["no version", { fields: KEY }, 426],
    ["POST", { line: "POST /echo/a HTTP/1.1" }, 405],
    ["HEAD", { line: "HEAD /echo/a HTTP/1.1" }, 405],
    ["HTTP/1.0", { line: "GET /echo/a HTTP/1.0" }, 426],
    ["another path", { line: "GET / HTTP/1.1" }, 200],
  ])("%s", async (_, parts, status) => {
    const client = new RawClient(await serve(echo));
    await client.write(handshake(parts));
    const [response] = await client.responses(1, [parts.line?.split(" ")[0] ?? "GET"]);
    expect(response.status).toBe(status);
    if (status === 426) expect(response.headers.get("sec-websocket-version")).toBe("13");
    client.destroy();
  });

  test("subprotocols may come in several lines", async () => {
    const client = new RawClient(await serve(echo, { protocols: ["b"] }));
    const fields = "Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Protocol: a\r\n";
    await client.write(handshake({ fields: `Sec-WebSocket-Version: 13\r\n${KEY}${fields}` }));
    await client.until(() => client.received.includes("\r\n\r\n"));
    expect(client.received).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\nSec-WebSocket-Protocol: b\r\n/);
    client.destroy();
  });

  test("another protocol, or none, gets 426 with Upgrade", async () => {
    const port = await serve(echo);
    for (const fields of ["", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Upgrade: websocket\r\n"]) {
      const client = new RawClient(port);
      await client.write(`GET /echo/a HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
      const [response] = await client.responses(1);
      expect([response.status, response.headers.get("upgrade")]).toEqual([426, "websocket"]);
      client.destroy();
    }
  });

  test("WebSocket may be one of several protocols that are asked for", async () => {
    const client = new RawClient(await serve(echo));
    await client.write(handshake().replace("Upgrade: websocket", "Upgrade: h2c, WebSocket"));
    await client.until(() => client.received.includes("\r\n\r\n"));
    expect(client.received).toMatch(/^HTTP\/1\.1 101 /);
    client.destroy();
  });

  test("upgrade may refuse", async () => {
    const port = await serve({
      upgrade: () => {
        throw new HttpError(401, "who are you?");
      },
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}/echo/a`);
    const [error] = await once(client, "error");
    expect(String(error)).toContain("401");
  });

  test("only origins that are let in", async () => {
    const port = await serve(echo, { origins: ["https://a.example"] });
    const client = await connect(port, "/echo/a", [], { origin: "https://a.example" });
    client.close();
    for (const options of [{ origin: "https://b.example" }, {}]) {
      const other = new WebSocket(`ws://127.0.0.1:${port}/echo/a`, options);
      expect(String((await once(other, "error"))[0])).toContain("403");
    }
  });

  test("the first subprotocol of the client that is spoken", async () => {
    const port = await serve(echo, { protocols: ["one", "two"] });
    const client = await connect(port, "/echo/a", ["three", "two", "one"]);
    expect(client.protocol).toBe("two");
    client.close();
    const none = new WebSocket(`ws://127.0.0.1:${port}/echo/a`, ["three"]);
    expect(String((await once(none, "error"))[0])).toContain("subprotocol");
  });
});

describe("ends", () => {
  test.each([
    ["open", { open: fail }],
    ["message", { message: fail }],
    ["a promise", { message: async () => fail() }],
  ])("an error in %s is reported and closes with 1011", async (_, handlers) => {
    const client = await connect(await serve(handlers));
    client.send("x");
    expect((await closed(client))[0]).toBe(1011);
    expect(String(errors[0])).toBe("Error: in the handler");
  });

  test("close is told the client's code, 1005 without one, 1006 where it is just gone", async () => {
    const told: [number, string][] = [];
    let closing = deferred();
    const port = await serve({
      close: (_, code, reason) => {
        told.push([code, reason]);
        closing.resolve();
      },
    });
    for (const end of [
      (client: WebSocket) => client.close(4000, "bye"),
      (client: WebSocket) => client.close(),
      (client: WebSocket) => client.terminate(),
    ]) {
      const client = await connect(port);
      closing = deferred();
      end(client);
      await closing.promise;
    }
    expect(told).toEqual([
      [4000, "bye"],
      [1005, ""],
      [1006, ""],
    ]);
  });

  test.each([
    ["an unmasked frame", [0x81, 0x01, 0x61], 1002],
    ["a reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ["an unknown opcode", [0x83, 0x80, 0, 0, 0, 0], 1002],
    ["a fragmented ping", [0x09, 0x80, 0, 0, 0, 0], 1002],
    ["a long ping", [0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002],
    ["a length beyond all measure", [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009],
    ["text that is no UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
    ["a code that must not be sent", [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002],
    ["a continuation of nothing", [0x80, 0x80, 0, 0, 0, 0], 1002],
  ])("%s closes with its code", async (_, frame, code) => {
    const client = new RawClient(await serve(echo));
    await client.write(handshake());
    await client.until(() => client.received.includes("\r\n\r\n"));
    const before = client.received.length;
    await client.write(String.fromCharCode(...frame));
    await client.until(() => client.received.length >= before + 4);
    const close = Buffer.from(client.received.slice(before), "latin1");
    expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, code]);
    client.destroy();
  });

  test("the server going away closes with 1001", async () => {
    const port = await serve(echo);
    const client = await connect(port);
    const gone = closed(client);
    await apps[0].close();
    expect((await gone)[0]).toBe(1001);
  });

  test("one that is being opened as the server goes away is closed with 1001, too", async () => {
    let open: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      handlers.upgrade = async () => {
        resolve();
        await new Promise<void>((resolve) => {
          open = resolve;
        });
      };
    });
    const port = await serve(handlers);
    const client = new WebSocket(`ws://127.0.0.1:${port}/echo/a`);
    await asked;
    const done = apps[0].close({ deadline: Number.POSITIVE_INFINITY });
    open();
    expect((await closed(client))[0]).toBe(1001);
    await done;
  });

  test("sending after the end gives false, and closing is no error", async () => {
    let socket: Socket | undefined;
    const port = await serve({
      open: (opened) => {
        socket = opened;
      },
      close: (ended) => ended.close(),
    });
    const client = await connect(port);
    client.close();
    await closed(client);
    expect(await socket?.send("late")).toBe(false);
    expect(errors).toEqual([]);
  });
});

function fail(): never {
  throw new Error("in the handler");
}
