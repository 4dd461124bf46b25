/** A thread with topics: answers what it gets. */
import { parentPort } from "node:worker_threads";
import { ThreadTransport, Topics } from "../../../src/services/topics.ts";

const topics = new Topics({ transport: new ThreadTransport() });
topics.subscribe("questions", (message) => topics.publish("answers", message));
parentPort?.once("message", () => topics.close());
parentPort?.postMessage("ready");
