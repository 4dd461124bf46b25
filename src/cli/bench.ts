/** `pyrois bench`: measures a server under load. */
import { readFileSync } from "node:fs";
import type { OutgoingRequest } from "../h1/serialize-request.ts";
import { type Counts, Load } from "./bench/load.ts";
import { type Command, CommandError, type Given, numberOf, textOf, UsageError } from "./command.ts";
import { columns, type Paint, painter, print } from "./terminal.ts";

/** Milliseconds from one look at how it goes to the next. */
const PROGRESS = 250;

function urlOf(text: string): URL {
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(whole) || !/^https?:$/.test(new URL(whole).protocol))
    throw new UsageError(`${JSON.stringify(text)} is no URL of http or https`);
  return new URL(whole);
}

/** The value of "Name: value". */
function fieldOf(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new UsageError(`--header is "Name: value", not ${JSON.stringify(text)}`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function bodyOf(text: string | undefined): string | Uint8Array | null {
  if (text === undefined) return null;
  if (!text.startsWith("@")) return text;
  try {
    return readFileSync(text.slice(1));
  } catch (error) {
    throw new CommandError(`cannot read the body: ${(error as Error).message}`);
  }
}

function requestOf(given: Given, { pathname, search, host }: URL): OutgoingRequest {
  const body = bodyOf(textOf(given, "body"));
  const fields = ((given.options.header as string[] | undefined) ?? []).map(fieldOf);
  const method = textOf(given, "method") ?? (body === null ? "GET" : "POST");
  return { method, target: pathname + search, host, fields, body };
}

/** Seconds that "10", "10s", "500ms" or "1m" are; throws a UsageError for what is none of them. */
function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const seconds = Number(number) * { ms: 0.001, s: 1, m: 60 }[(unit ?? "s") as "ms" | "s" | "m"];
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new UsageError(`--duration is a time such as 10s, 500ms or 1m, a day at the most, not ${JSON.stringify(text)}`);
}

/** What is measured, as numbers. */
function resultOf({ latencies, statuses, errors, failed, bytesRead }: Counts, seconds: number) {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => latencies.quantile(share));
  return {
    seconds,
    requests: latencies.count,
    requestsPerSecond: latencies.count / seconds,
    latency: { mean: latencies.mean, p50, p90, p99, max: latencies.max },
    statuses: Object.fromEntries(statuses),
    errors: Object.fromEntries(errors),
    failed,
    bytesRead,
  };
}

const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;

function sizeText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

function tableOf(result: ReturnType<typeof resultOf>, paint: Paint): string[] {
  const { latency, statuses, errors } = result;
  const rows: (readonly [string, string])[] = [
    ["requests/s", result.requestsPerSecond.toFixed(0)],
    ["requests", `${result.requests} in ${result.seconds.toFixed(2)} s`],
    ["latency p50", milliseconds(latency.p50)],
    ["latency p90", milliseconds(latency.p90)],
    ["latency p99", milliseconds(latency.p99)],
    ["latency max", milliseconds(latency.max)],
    ["read", `${sizeText(result.bytesRead)}, ${sizeText(Math.round(result.bytesRead / result.seconds))}/s`],
    ...Object.entries(statuses).map(([status, count]) => [`status ${status}`, String(count)] as const),
    ["errors", String(result.failed)],
    ...Object.entries(errors).map(([what, count]) => [paint("red", `  ${what}`), String(count)] as const),
  ];
  return columns(rows.map(([name, value]) => [paint("bold", name), value]));
}

/**
 * Lets the load go on for some seconds, or until Ctrl-C; gives how long it was. Throws a CommandError where nobody is
 * there.
 */
async function measure(load: Load, seconds: number, { host }: URL): Promise<number> {
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  const { stderr } = process;
  const progress = setInterval(() => {
    const rate = (load.counts.latencies.count / passed()).toFixed(0);
    if (stderr.isTTY) stderr.write(`\r${passed().toFixed(0)} of ${seconds} s, ${rate} requests/s\x1b[K`);
  }, PROGRESS);
  load.start();
  const reached = await new Promise<boolean>((resolve) => {
    const end = (reached: boolean) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupt);
      resolve(reached);
    };
    const interrupt = () => end(true);
    const timer = setTimeout(end, seconds * 1000, true);
    process.on("SIGINT", interrupt);
    load.unreachable.then(() => end(false));
  });
  const took = passed();
  load.stop();
  clearInterval(progress);
  if (stderr.isTTY) stderr.write("\r\x1b[K");
  if (!reached) throw new CommandError(`cannot connect to ${host}: ${[...load.counts.errors.keys()].join(", ")}`);
  return took;
}

export const command: Command = {
  usage: "URL [options]",
  summary: "measures a server under load",
  details:
    "Makes requests on some connections, each as soon as the one before it is answered, and shows requests per second, " +
    "latencies, statuses and errors. It runs on one core, which the server should leave to it. Ctrl-C ends it early, and " +
    "shows what there is. Where no connection can be had at all it ends at once.\n\n" +
    "The exit code is 1 where a connection failed or an answer was wrong.",
  options: {
    connections: { type: "string", short: "c", value: "N", says: "connections at once, 1 to 65535; default: 50" },
    duration: { type: "string", short: "d", value: "TIME", says: "how long: 10s, 500ms, 1m; default: 10s" },
    pipelining: { type: "string", short: "p", value: "N", says: "requests at once on each, 1 to 1024; default: 1" },
    method: { type: "string", short: "m", value: "METHOD", says: "default: GET, or POST where there is a body" },
    header: {
      type: "string",
      short: "H",
      value: "FIELD",
      multiple: true,
      says: 'a field, "Name: value"; as often as you like',
    },
    body: { type: "string", short: "b", value: "TEXT", says: "content of each request, or @FILE; default: none" },
    json: { type: "boolean", says: "prints an object; times in milliseconds; off by default" },
  },
  positionals: [1, 1],
  examples: ["pyrois bench http://127.0.0.1:8080/", "pyrois bench localhost:8080/users -c 100 -d 30s -b @user.json"],
  async run(given) {
    const url = urlOf(given.positionals[0]);
    const connections = numberOf(given, "connections", 50, [1, 65535]);
    const pipelining = numberOf(given, "pipelining", 1, [1, 1024]);
    const seconds = secondsOf(textOf(given, "duration") ?? "10s");
    const load = loadOf({ url, connections, pipelining, request: requestOf(given, url) });
    const result = resultOf(load.counts, await measure(load, seconds, url));
    if (given.options.json === true) print(JSON.stringify(result, null, 2));
    else print(...tableOf(result, painter(process.stdout)));
    return result.failed > 0 || result.requests === 0 ? 1 : 0;
  },
};

function loadOf(options: ConstructorParameters<typeof Load>[0]): Load {
  try {
    return new Load(options);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
