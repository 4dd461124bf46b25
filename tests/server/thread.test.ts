/** Servers in threads of their own, as they are built: a thread of Node 20 cannot begin with TypeScript. */
import { BroadcastChannel } from "node:worker_threads";
import { App, ServerThread, type ServerThreadOptions } from "pyrois";
import { afterEach, expect, test } from "vitest";

const module = new URL("thread-app.js", import.meta.url);
const threads: ServerThread[] = [];

function newThread(options: ServerThreadOptions = {}, from: URL | string = module): ServerThread {
  const thread = new ServerThread(from, { ...options, options: { port: 0, ...options.options } });
  threads.push(thread);
  return thread;
}

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.stop({ deadline: 0 })));
});

const textOf = async (url: string) => (await fetch(url)).text();

test("each serves in its own thread, with its own data, environment and options", async () => {
  const one = newThread({ workerData: { name: "one" }, env: { FLAG: "set" } });
  const two = newThread({ options: { maxConcurrentRequests: 1 } });
  const [first, second] = await Promise.all([one.start(), two.start()]);
  expect(await textOf(first.url ?? "")).not.toBe(await textOf(second.url ?? ""));
  expect([await textOf(`${first.url}data`), await textOf(`${first.url}flag`)]).toEqual(['{"name":"one"}', "set"]);
  expect((await fetch(`${second.url}data`)).status).toBe(204);
  expect(new URL(first.url ?? "").port).toBe(String(first.port));
  expect(await one.start()).toEqual(first);
  await one.stop();
  expect([one.counters.requests, one.counters.openConnections]).toEqual([3, 0]);
  expect(await one.stopped).toEqual({ how: "stopped", error: null });
  expect(await textOf(second.url ?? "")).toMatch(/^\d+$/);
});

/** Waits for a handler that says, in memory that is shared with its thread, that it works. */
async function entered(shared: SharedArrayBuffer): Promise<void> {
  while (Atomics.load(new Int32Array(shared), 0) === 0) await new Promise(setImmediate);
}

test("what is at work is answered before a thread stops", async () => {
  const shared = new SharedArrayBuffer(4);
  const thread = newThread({ workerData: { entered: shared } });
  const { url } = await thread.start();
  const answer = textOf(`${url}slow`);
  await entered(shared);
  await thread.stop();
  expect(await answer).toBe("answered");
  expect(await thread.stopped).toEqual({ how: "stopped", error: null });
});

test("a thread that does not stop is terminated after its deadline", async () => {
  const shared = new SharedArrayBuffer(4);
  const thread = newThread({ workerData: { entered: shared } });
  const { url } = await thread.start();
  const lost = textOf(`${url}hang`).catch((error) => error.cause.code);
  await entered(shared);
  await thread.stop({ deadline: 50 });
  expect(await lost).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
  expect(await thread.stopped).toEqual({ how: "terminated", error: null });
});

test("a thread that crashes tells why, and this process goes on", async () => {
  const thread = newThread();
  const { url } = await thread.start();
  await fetch(`${url}crash`).catch(() => {});
  const { how, error } = await thread.stopped;
  expect([how, error?.name, error?.message]).toEqual(["crashed", "RangeError", "in the middle of it"]);
  await thread.stop();
});

test("start rejects with what kept it from serving", async () => {
  await expect(newThread({ workerData: { fail: "not today" } }).start()).rejects.toThrow("not today");
  const nothing = "data:text/javascript,export const app = 1";
  await expect(newThread({}, nothing).start()).rejects.toThrow(
    `${nothing} must export an App as its default, or a function that gives one`,
  );
  const wrong = newThread({}, "data:text/javascript,export default { handle() {} }");
  await expect(wrong.start()).rejects.toThrow("must implement recover, report, onReport, maxBodySize, tell.");
  expect((await wrong.stopped).how).toBe("crashed");
  await expect(newThread({}, "data:text/javascript,process.exit(7)").start()).rejects.toThrow(
    "the thread has ended with exit code 7 before it accepted connections",
  );
  await expect(newThread({ workerData: () => {} }).start()).rejects.toThrow("could not be cloned");
  const app = new App();
  const { port } = (await app.listen({ port: 0 })).address;
  await expect(newThread({ options: { port } }).start()).rejects.toMatchObject({ code: "EADDRINUSE" });
  await app.close();
});

test("what makes no sense is refused", async () => {
  expect(() => new ServerThread("no url")).toThrow(TypeError);
  expect(() => new ServerThread(module, { options: { workers: 2 } })).toThrow("leave them out");
  const thread = newThread();
  expect(() => thread.stop({ deadline: -1 })).toThrow(RangeError);
  await thread.stop();
  expect(await thread.stopped).toEqual({ how: "stopped", error: null });
  await expect(thread.start()).rejects.toThrow("this thread was stopped; make another one");
});

test("topics reach the other threads", async () => {
  const { url } = await newThread().start();
  const channel = new BroadcastChannel("pyrois:topics");
  const message = new Promise((resolve) => {
    channel.onmessage = (event) => resolve((event as { data: unknown }).data);
  });
  await textOf(`${url}publish`);
  expect(String(await message)).toMatch(/^news,.*from \d+/);
  channel.close();
});
