/**
 * The process that runs a module for `pyrois dev`. It is started before it is needed, and does what takes time: loads
 * this package, and what runs TypeScript. Then it waits for the order to run the module. Its servers do not listen:
 * they ask the process above to, which keeps the socket while this one comes and goes, and hands connections over.
 */
import { type AddressInfo, Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { App } from "../../index.ts";
import { importModule } from "../application.ts";
import { enableTypeScript } from "../typescript.ts";
import { type Asked, HANDS_OVER, type Order, type Report } from "./messages.ts";

const [file] = process.argv.slice(2);

interface Asking {
  readonly server: Server;
  /** Goes on with what `listen` would have done, at this address. */
  proceed(address: AddressInfo): void;
  /** It listens, or cannot. */
  settle(): void;
}

/** Servers that asked, by number; and those that have their place, by its key. */
const asking = new Map<number, Asking>();
const serving = new Map<string, Server>();
/** Settle once those that ask listen. */
const settled: Promise<void>[] = [];
/** Connections that were handed over and are open, with when they came. */
const connections = new Map<Socket, number>();
let asked = 0;
let chosen = 0;
let stopping = false;

function tell(report: Report): void {
  if (process.connected) process.send?.(report);
}

/** Milliseconds of CPU time that this process has taken since a moment. */
function cpuSince(before?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The port that a server wants to listen on; null where it wants something else, as a path or a descriptor. */
function placeOf([first, second]: readonly unknown[]): Asked | null {
  const options = typeof first === "object" && first !== null ? first : { port: first ?? 0, host: second };
  const { port, host, path, fd, _handle } = options as Record<string, unknown>;
  const number = Number(port);
  if (path !== undefined || fd !== undefined || _handle !== undefined || !Number.isInteger(number)) return null;
  return { port: number, index: number === 0 ? chosen++ : 0, ...(typeof host === "string" && { host }) };
}

const { listen } = Server.prototype;

/**
 * Has servers ask for their place. What they listen on in truth is a port that nobody knows, so that they are in every
 * way servers that listen: connections that come from above are given to them where their own would be.
 */
function askInPlaceOfListening(): void {
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    const place = placeOf(args);
    if (place === null) return Reflect.apply(listen, this, args);
    const done = args.findLast((each) => typeof each === "function") as (() => void) | undefined;
    const id = ++asked;
    const proceed = (address: AddressInfo) => {
      this.address = () => address;
      Reflect.apply(listen, this, [{ port: 0, host: "127.0.0.1" }, ...(done ? [done] : [])]);
    };
    settled.push(new Promise((settle) => asking.set(id, { server: this, proceed, settle })));
    tell({ type: "ask", id, place });
    return this;
  };
}

/** A handle of the system below a socket or a server: private to Node, and the same since long. */
interface Handle {
  onconnection?(error: number, client: unknown): void;
  close(): void;
}

/** Gives a server a connection that was accepted elsewhere. */
function give(server: Server | undefined, client: Handle): void {
  const handle = (server as unknown as { _handle: Handle | null } | undefined)?._handle;
  if (handle?.onconnection) handle.onconnection(0, client);
  else client.close();
}

async function run(place: { readonly port?: number; readonly host?: string }): Promise<void> {
  const before = process.cpuUsage();
  await ready;
  const { app } = await importModule(file);
  running = app;
  const started = async () => {
    // One place after the other: a server may listen once another does.
    for (const each of settled) await each;
    tell({ type: "started", listens: asked > 0 || !HANDS_OVER, cpu: cpuSince(before) });
  };
  if (app !== null && app.server === null) {
    await app.run({
      ...place,
      onListen: ({ url }) => {
        if (!HANDS_OVER) console.log(`listening on ${url}`);
        started();
      },
    });
    process.exit();
  }
  // It listens by itself, or has begun to.
  await app?.server?.start();
  await started();
}

async function load(urls: readonly string[]): Promise<void> {
  const before = process.cpuUsage();
  let failed = false;
  for (const url of urls) {
    try {
      if (running?.loaded.includes(url)) await running.load(url);
      else failed = true;
    } catch {
      // The module is run anew then, and shows what is wrong.
      failed = true;
    }
  }
  tell({ type: "loaded", failed, cpu: cpuSince(before) });
}

/** Milliseconds that a connection has for its first byte, before it may be closed as one that nobody uses. */
const UNHEARD = 500;
const LOOK = 5;

/** Resolves once something has come of all connections that are new: what is on its way would else be lost. */
async function heard(): Promise<void> {
  const isUnheard = ([socket, since]: [Socket, number]) =>
    socket.bytesRead === 0 && performance.now() - since < UNHEARD;
  while ([...connections].some(isUnheard)) await setTimeout(LOOK);
}

/** Ends as on any other day where the module looks after that, at once where it does not. */
async function stop(): Promise<void> {
  stopping = true;
  // Node hands over what came early in one go, and needs the channel until it has.
  await null;
  // Node reports modules that are loaded still, and finds the channel closed.
  process.on("error", () => {});
  process.disconnect();
  await heard();
  if (process.listenerCount("SIGTERM") > 0) process.kill(process.pid, "SIGTERM");
  else process.exit();
}

function obey(order: Order, handle: unknown): void {
  if (order.type === "run") run(order.place);
  else if (order.type === "stop") stop();
  else if (order.type === "load") load(order.urls);
  else if (order.type === "connection") give(serving.get(order.key), handle as Handle);
  else if (order.type === "had") {
    const { server, proceed, settle } = asking.get(order.id) as Asking;
    server.on("connection", (socket: Socket) => {
      connections.set(socket, performance.now());
      socket.once("close", () => connections.delete(socket));
    });
    server.once("listening", () => {
      serving.set(order.key, server);
      tell({ type: "serves", key: order.key });
      settle();
    });
    proceed(order.address);
  } else if (order.type === "taken") {
    const { code, message } = order;
    const { server, settle } = asking.get(order.id) as Asking;
    settle();
    server.emit("error", Object.assign(new Error(message), { code, syscall: "listen" }));
  }
}

let running: App | null = null;
if (HANDS_OVER) askInPlaceOfListening();
process.on("message", obey);
// Whoever has started it is gone.
process.on("disconnect", () => stopping || process.exit());
const ready = enableTypeScript(file).then(() => import("../../index.ts"));
// It is told once the module is to be run.
ready.catch(() => {});
