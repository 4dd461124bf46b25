/** Writes past the stream of a socket, on real ones. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DirectTarget, writeDirectly, writesDirectly } from "../../src/server/direct-write.ts";

const server = createServer();
let client: Socket;
let target: DirectTarget;

/** A socket that was accepted, and one that is its peer, which does not read. */
beforeEach(async () => {
  const accepted = once(server.listen(0, "127.0.0.1"), "connection");
  await once(server, "listening");
  client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.setEncoding("latin1").on("error", () => {});
  const [peer] = (await accepted) as [Socket];
  target = { peer, queued: false };
  expect(writesDirectly(peer)).toBe(true);
  // The first write of all is the stream's, from which the others are learned.
  await new Promise((resolve) => peer.write("first", "latin1", resolve));
});
afterEach(async () => {
  client.destroy();
  target.peer.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Writes numbered pieces until the system takes no more at once; gives all that was written. */
function fill(): string {
  let text = "";
  for (let index = 0; !target.queued; ++index) {
    const piece = String(index).padEnd(8192, ".");
    expect(writeDirectly(target, piece)).toBe(true);
    text += piece;
  }
  return text;
}

async function read(length: number): Promise<string> {
  let text = "";
  for await (const piece of client) {
    text += piece;
    if (text.length >= length) break;
  }
  return text;
}

test("what the system takes has left, past the stream", async () => {
  const { peer } = target;
  const { writableLength, bytesWritten } = peer;
  expect(writeDirectly(target, "\xe9t\xe9")).toBe(true);
  expect([target.queued, peer.writableLength, peer.bytesWritten]).toEqual([false, writableLength, bytesWritten + 3]);
  expect(await read(8)).toBe("first\xe9t\xe9");
});

test("what it does not take waits, and what the stream writes then comes after it", async () => {
  const text = fill();
  target.peer.write("by the stream", "latin1");
  target.peer.end("last", "latin1");
  const whole = `first${text}by the streamlast`;
  expect((await read(whole.length)) === whole).toBe(true);
  expect(target.queued).toBe(false);
});

test("what waits is given up with the socket", async () => {
  fill();
  const closed = once(target.peer, "close");
  target.peer.destroy();
  await closed;
  expect(target.queued).toBe(false);
});

test("a peer that goes while something waits ends the socket, by an error", async () => {
  fill();
  const failed = once(target.peer, "error");
  const closed = new Promise((resolve) => target.peer.on("close", resolve));
  client.resetAndDestroy();
  expect((await failed)[0]).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
  await closed;
  expect(target.queued).toBe(false);
});

test("a write that fails at once ends the socket, by an error", async () => {
  const { peer } = target;
  const failed = once(peer, "error");
  // Nothing reads there, so that nothing else finds out.
  peer.pause();
  client.resetAndDestroy();
  await once(client, "close");
  while (!peer.destroyed) {
    expect(writeDirectly(target, "more")).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await failed)[0]).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/), syscall: "write" });
});

test("the stream must write what is long, what comes after its own, and what comes after the end", async () => {
  const { peer } = target;
  expect(writeDirectly(target, "x".repeat(16_384))).toBe(true);
  expect(writeDirectly(target, "x".repeat(16_385))).toBe(false);
  peer.cork();
  peer.write("waits");
  expect(writeDirectly(target, "more")).toBe(false);
  peer.uncork();
  await new Promise((resolve) => peer.write("", resolve));
  expect(writeDirectly(target, "more")).toBe(true);
  peer.end();
  expect(writeDirectly(target, "more")).toBe(false);
  peer.destroy();
  expect(writeDirectly(target, "more")).toBe(false);
});

test("other streams than the system's are not written to directly", () => {
  const { _handle: handle } = target.peer as unknown as { _handle: object };
  expect(writesDirectly({ _handle: null } as unknown as Socket)).toBe(false);
  expect(
    writesDirectly({
      _handle: Object.create(handle, { constructor: { value: class TLSWrap {} } }),
    } as unknown as Socket),
  ).toBe(false);
});

test.skipIf(Number.parseInt(process.versions.node, 10) >= 26)(
  "a request that the system has taken at the second try is used until it is complete",
  () => {
    const requests: { getAsyncId(): number; oncomplete(status: number): void }[] = [];
    // What real sockets do only where their peer reads in the moment between the two.
    const handle = {
      writeQueueSize: 0,
      writeLatin1String(request: (typeof requests)[number]) {
        requests.push(Object.assign(request, { getAsyncId: () => 7 }));
        return 0;
      },
    };
    const peer = { writable: true, writableLength: 0, _handle: handle } as unknown as Socket;
    const [one, other] = [
      { peer, queued: false },
      { peer, queued: false },
    ];
    expect([writeDirectly(one, "a"), writeDirectly(other, "b")]).toEqual([true, true]);
    expect(requests[0]).not.toBe(requests[1]);
    expect([one.queued, other.queued]).toEqual([true, true]);
    requests[0].oncomplete(0);
    expect([one.queued, other.queued]).toEqual([false, true]);
  },
);
