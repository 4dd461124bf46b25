/** A program with workers, as its tests want it: its options, as JSON, come with its arguments. */
import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { App, Router, type RunningServer, ServerBuilder } from "../../../src/index.ts";
import { metrics } from "../../../src/services/metrics.ts";
import { Orchestrator } from "../../../src/services/orchestrator.ts";
import { systemdSocket } from "../../../src/services/systemd.ts";
import { ClusterTransport, Topics } from "../../../src/services/topics.ts";

/** What the tests read: one line for each thing that happens. */
const say = (...words: unknown[]) => process.stdout.write(`${words.join(" ")}\n`);
const { listen, run, broken, schedule, twice, signalled, activated, ...rest } = JSON.parse(process.argv[2] ?? "{}");
if (activated) {
  // As systemd does for the process that it starts.
  if (cluster.isPrimary) Object.assign(process.env, { LISTEN_FDS: "1", LISTEN_PID: String(process.pid) });
  Object.assign(listen, systemdSocket());
}
const logger = { debug() {}, info() {}, warn: console.warn, error: (error: unknown) => say("error", String(error)) };
const orchestrator = new Orchestrator();
const app = new App({ logger, ...(schedule && { orchestrator }) });
if (schedule) {
  const note = async (file: string) => {
    const { appendFileSync } = await import("node:fs");
    appendFileSync(file, `${process.env.PYROIS_WORKER}\n`);
  };
  await orchestrator.schedule("tick", { second: "*" }, note, schedule);
}
const number = process.env.PYROIS_WORKER;

app.on("start", () => {
  say("start", cluster.isPrimary ? "primary" : `worker ${number}`);
  if (broken && existsSync(broken)) throw new Error("there is a file that says no");
});
app.on("stopping", () => say("stopping", `worker ${number}`));
app.on("stop", () => say("stop", cluster.isPrimary ? "primary" : `worker ${number}`));
app.get("/", () => String(process.pid));
app.get("/number", () => String(number));
app.get("/slow", async ({ query }) => {
  say("slow", process.pid);
  await new Promise((resolve) => setTimeout(resolve, Number(new URLSearchParams(query ?? "").get("ms") ?? 200)));
  return String(process.pid);
});
app.get("/hang", () => {
  say("hang", process.pid);
  for (;;);
});
app.get("/never", () => {
  say("never", process.pid);
  return new Promise<string>(() => {});
});
const measured = await metrics();
app.use(measured.measure).get("/metrics", measured.handler);
if (!cluster.isPrimary) {
  // In workers only: what they publish gets to the others all the same.
  const topics = new Topics({ transport: new ClusterTransport() });
  topics.subscribe("news", (message) => say("news", number, message));
  app.get("/publish", () => {
    topics.publish("news", `from ${number}`);
    return "";
  });
}

if (signalled && !cluster.isPrimary) {
  // As a signal to all of its group may come: as soon as the primary knows that this worker listens.
  const send = process.send as (...values: unknown[]) => boolean;
  process.send = (message: { type?: string }, ...values: unknown[]) => {
    const sent = send.call(process, message, ...values);
    if (message.type === "listening") process.kill(process.pid, "SIGINT");
    return sent;
  };
}

if (run) {
  process.on("message", () => {});
  await app.run({ ...listen, ...rest, onListen: ({ url }) => say(cluster.isPrimary ? "listens" : "serves", url) });
  say("over", cluster.isPrimary ? "primary" : `worker ${number}`);
  if (cluster.isPrimary) process.disconnect?.();
} else {
  const server: RunningServer = await app.listen({ ...listen, ...rest }).catch((error) => {
    if (cluster.isPrimary) say("refused", error.code, error.message);
    throw error;
  });
  if (cluster.isPrimary) {
    if (twice) {
      const second = new ServerBuilder().withRouter(new Router()).withOptions({ workers: 1 }).build();
      await second.start().catch((error) => say("twice", error.message));
      await second.stop();
    }
    say("listens", listen.path ?? (activated === "path" || server.url));
    process.on("message", async (message: { do: string; with?: object; id: number }) => {
      const calls: Record<string, () => unknown> = {
        workers: () => server.workers,
        counters: () => server.counters,
        reload: () => server.reload(message.with),
        stop: () => server.stop(message.with),
        cluster: () => cluster.setupPrimary({ cwd: undefined, ...message.with }),
        environment: () => Object.assign(process.env, message.with),
      };
      const [value, error] = await Promise.resolve()
        .then(() => calls[message.do]())
        .then(
          (result) => [result, null],
          (reason) => [null, reason.message],
        );
      // Asked to stop twice, the first answer was the last.
      if (!process.connected) return;
      process.send?.({ id: message.id, value, error });
      if (message.do === "stop") process.disconnect();
    });
  }
}
