/**
 * Loaded into a contender on Node before the contender itself (`--expose-gc --import`), to look at its heap:
 * "collect" collects garbage; "begin" and "end" tell what was allocated in between; "sample" and "sampled" where.
 */
import { Session } from "node:inspector/promises";
import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";

/** Bytes of allocation from one sample to the next, on average. */
const SAMPLING_INTERVAL = 256;

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ["gc"] });

function state() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, arrayBuffers, collections };
}

/**
 * @param {import("node:inspector").HeapProfiler.SamplingHeapProfileNode} node
 * @param {Map<string, number>} sites bytes by place, added to
 */
function addSites({ callFrame: { functionName, url, lineNumber }, selfSize, children }, sites) {
  const file = url.split("/").slice(-2).join("/");
  const place = `${functionName || "(anonymous)"} ${file ? `${file}:${lineNumber + 1}` : ""}`.trim();
  sites.set(place, (sites.get(place) ?? 0) + selfSize);
  for (const child of children) addSites(child, sites);
}

const session = new Session();
let before;

const commands = {
  async collect() {
    globalThis.gc();
    globalThis.gc();
    return {};
  },
  async begin() {
    globalThis.gc();
    // The observer is told of a collection later than it is over.
    await new Promise((resolve) => setTimeout(resolve, 50));
    before = state();
    return {};
  },
  async end() {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = state();
    return Object.fromEntries(Object.keys(after).map((key) => [key, after[key] - before[key]]));
  },
  async sample() {
    session.connect();
    await session.post("HeapProfiler.startSampling", {
      samplingInterval: SAMPLING_INTERVAL,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    return {};
  },
  async sampled() {
    const { profile } = await session.post("HeapProfiler.stopSampling");
    const sites = new Map();
    addSites(profile.head, sites);
    return { sites: [...sites] };
  },
};

process.on("message", async (message) => {
  if (Object.hasOwn(commands, message)) process.send(await commands[message]());
});
