/**
 * How exact timeouts are with very many connections open: opens them from a process of its own, half with a head that
 * does not end, half idle after a request, and prints how far from its time each was closed.
 *
 * node bench/timeouts.mjs [connections] [milliseconds]
 */
import { fork } from "node:child_process";
import { connect } from "node:net";

const COUNT = Number(process.argv[2] ?? 10_000);
const TIMEOUT = Number(process.argv[3] ?? 3000);
/** Connections that are being opened at once, and that one source address carries. */
const AT_ONCE = 200;
const PER_ADDRESS = 5000;

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Opens one connection; resolves with how long it lasted beyond its timeout, and with whether it ended as it should. */
function last(port, at, opened) {
  return new Promise((resolve) => {
    const localAddress = `127.0.0.${2 + Math.floor(at / PER_ADDRESS)}`;
    const idle = at % 2 === 0;
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    let since = 0;
    let received = "";
    socket.on("connect", () => {
      socket.write(idle ? REQUEST : "GET / HT");
      since = performance.now();
      opened();
    });
    socket.on("data", (data) => {
      received += data.toString("latin1");
      if (idle && received.endsWith("ok")) since = performance.now();
    });
    socket.on("error", (error) => {
      if (since === 0) throw error;
    });
    socket.on("close", () => {
      const late = performance.now() - since - TIMEOUT;
      resolve({ idle, late, right: idle ? received.endsWith("ok") : received.startsWith("HTTP/1.1 408 ") });
    });
  });
}

async function client(port) {
  const all = [];
  let opening = 0;
  let wake = () => {};
  for (let at = 0; at < COUNT; ++at) {
    ++opening;
    const opened = () => {
      --opening;
      wake();
    };
    all.push(last(port, at, opened));
    while (opening >= AT_ONCE) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  }
  process.send(await Promise.all(all), () => process.disconnect());
}

function report(name, outcomes) {
  const late = outcomes.map((outcome) => outcome.late).sort((a, b) => a - b);
  const at = (share) => late[Math.min(late.length - 1, Math.floor(share * late.length))].toFixed(0);
  const within = late.filter((ms) => Math.abs(ms) <= 250).length;
  const right = outcomes.filter((outcome) => outcome.right).length;
  console.log(
    `${name}: ${late.length} connections, ${right} ended as they should; actual - nominal in ms: least ${at(0)}, ` +
      `1 % ${at(0.01)}, median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)}; within 250 ms: ${within}`,
  );
}

async function serve() {
  const { App } = await import("../dist/index.js");
  const app = new App();
  app.get("/", () => "ok");
  const server = await app.listen({ port: 0, headTimeout: TIMEOUT, keepAliveTimeout: TIMEOUT });
  const child = fork(new URL(import.meta.url), [String(COUNT), String(TIMEOUT)], {
    env: { ...process.env, TIMEOUTS_PORT: String(server.address.port) },
  });
  let most = 0;
  const counting = setInterval(() => {
    most = Math.max(most, server.counters.openConnections);
  }, 100);
  child.on("message", (outcomes) => {
    clearInterval(counting);
    console.log(`at most ${most} connections were open at once`);
    for (const idle of [false, true]) {
      report(
        idle ? "keepAliveTimeout" : "headTimeout",
        outcomes.filter((outcome) => outcome.idle === idle),
      );
    }
    app.close({ deadline: 0 });
  });
}

const { TIMEOUTS_PORT } = process.env;
if (TIMEOUTS_PORT) await client(Number(TIMEOUTS_PORT));
else await serve();
