/** A cluster of two workers and their primary, each with topics: says what each of them gets. */
import cluster from "node:cluster";
import { once } from "node:events";
import { ClusterTransport, Topics } from "../../../src/services/topics.ts";

const who = cluster.isPrimary ? "primary" : String(process.env.NAME);
const topics = new Topics({ transport: new ClusterTransport() });
const say = (text: string) => () => console.log(`${who} ${text}`);
const other = new Topics({
  transport: new ClusterTransport({ channel: "other", maxUnsent: 3 }),
  logger: { info: say("reaches others"), warn: say("reaches not all"), error: console.error },
});

for (const topic of ["news", "bytes"]) {
  topics.subscribe(topic, (message) => {
    const shown = message instanceof Uint8Array ? [...message] : message;
    console.log(`${who} got ${topic} ${JSON.stringify(shown)}`);
  });
}
other.subscribe("news", (message) => console.log(`${who} got other ${JSON.stringify(message)}`));
other.subscribe("many", (message) => console.log(`${who} got many ${JSON.stringify(message)}`));

if (cluster.isPrimary) {
  const workers = ["one", "two"].map((NAME) => cluster.fork({ NAME }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  // What is no message of topics does no harm.
  for (const worker of workers) worker.send({ pyrois: 1, topic: "news" });
  topics.publish("news", { from: "primary" });
  for (let n = 1; n <= 5; ++n) other.publish("many", n);
  for (const worker of workers) worker.send("go");
  process.stdin.on("end", async () => {
    for (const worker of workers) worker.send("end");
    await topics.close();
    await other.close();
  });
  process.stdin.resume();
} else {
  process.on("message", async (message) => {
    if (message === "end") {
      await topics.close();
      await other.close();
      process.disconnect();
    }
    if (message !== "go") return;
    topics.publish("news", `from ${who}`);
    if (who === "one") topics.publish("bytes", Uint8Array.of(0, 255));
    if (who === "two") other.publish("news", "apart");
  });
  process.send?.("ready");
}
