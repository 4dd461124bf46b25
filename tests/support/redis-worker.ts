/** A process of its own that does tasks which are kept in Redis: says so when it does. */
import { defineTask } from "../../src/services/orchestrator.ts";
import { RedisOrchestrator } from "../../src/services/redis-orchestrator.ts";

const [url, name, lockDuration, file] = process.argv.slice(2);
const root = new URL(".", import.meta.url);
const orchestrator = new RedisOrchestrator({ url, name, root, lockDuration: Number(lockDuration), maxWorkers: 1 });
if (file !== undefined) {
  type NoteProcess = typeof import("./tasks.js").noteProcess;
  const task = defineTask<NoteProcess>(new URL("tasks.js", import.meta.url), "noteProcess");
  await orchestrator.schedule("tick", { second: "*" }, task, file);
}
await orchestrator.start();
process.send?.("started");
