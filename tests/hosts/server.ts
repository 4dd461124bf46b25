/** The checks of the server as a program: its result is one line of JSON. */
import { accepted, forbidDirectly } from "./accepted.ts";
import { CHECKS } from "./checks.ts";
import { cleanUp, connect, get, serve } from "./stage.ts";

/** How the server did with one way of reading. */
interface Result {
  /** Whether sockets were read straight into the parser's window, and answers written past the stream. */
  directly: boolean;
  passed: number;
  failures: string[];
  /** Checks that this host is known to fail. */
  differences: string[];
}

/** Milliseconds after which a check has failed. */
const PATIENCE = 10_000;
/** The same for one that is known to. */
const KNOWN_PATIENCE = 500;

const { bun, deno, node } = process.versions;
const host = bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`;

/** Checks that hosts are known to fail. What each says was seen on the host's own sockets, without this library. */
const DIFFERENCES: Record<string, readonly string[]> = {
  deno: [
    // node:tls writes texts of "latin1" as UTF-8 where several are corked or wait; node:net does not.
    "TLS: bytes of fields and content above 127",
  ],
};

function within(promise: Promise<void>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it does not end")), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Whether the server reads without "data" events, and writes without the stream. Throws where it does only one. */
async function isDirect(): Promise<boolean> {
  const client = await connect(await serve());
  await client.write(get("/"));
  await client.answers(["ok"]);
  const socket = accepted(client.socket);
  const reads = socket.listenerCount("data") === 0;
  let writes = true;
  socket.write = () => {
    writes = false;
    socket.destroy();
    return true;
  };
  await client.write(get("/"));
  await client.answers(["ok"]).catch(() => {});
  await cleanUp();
  if (reads !== writes && node && !bun && !deno) throw new Error(`directly it reads: ${reads}, writes: ${writes}`);
  return reads;
}

async function runChecks(): Promise<Result> {
  const result: Result = { directly: await isDirect(), passed: 0, failures: [], differences: [] };
  const known = DIFFERENCES[host.split(" ")[0]] ?? [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const isKnown = known.includes(name);
    try {
      await within(check(), isKnown ? KNOWN_PATIENCE : PATIENCE);
      ++result.passed;
      if (isKnown) result.failures.push(`${name}: passed, yet is listed among the differences`);
    } catch (error) {
      if (isKnown) result.differences.push(name);
      else result.failures.push(`${name}: ${error}`);
    }
    await cleanUp();
  }
  return result;
}

const results = [await runChecks()];
const [first] = results;
if (host.startsWith("node") && !first.directly) first.failures.push("this Node does not read and write directly");
if (first.directly) {
  forbidDirectly();
  const second = await runChecks();
  if (second.directly) second.failures.push("it still reads directly");
  results.push(second);
}
console.log(JSON.stringify({ host, results }));
