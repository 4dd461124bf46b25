/** Contender: Pyrois with so many workers as WORKERS says; the CPU time it tells is that of all its processes. */
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import process from "node:process";
import { App } from "../../dist/index.js";
import { HOST, PORT } from "../load/child.mjs";
import { MESSAGE } from "../server/content.mjs";

/** Microseconds of a tick of the system's clock, in which it counts CPU time: 100 a second wherever Linux runs. */
const TICK = 10_000;

/**
 * @param {number} pid
 * @returns {{ user: number, system: number }} CPU time of a process in microseconds
 */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
  return { user: Number(fields[11]) * TICK, system: Number(fields[12]) * TICK };
}

const app = new App();
app.get("/json", () => MESSAGE);
const server = await app.listen({ host: HOST, port: PORT, workers: Number(process.env.WORKERS) });
if (cluster.isPrimary) {
  process.on("message", (message) => {
    if (message !== "cpu") return;
    const times = [process.pid, ...server.workers.map(({ pid }) => pid)].map(cpuOf);
    const sum = (key) => times.reduce((all, time) => all + time[key], 0);
    process.send({ cpu: { user: sum("user"), system: sum("system") } });
  });
  process.on("disconnect", () => process.exit());
  process.send({ port: server.address.port });
}
