/**
 * Times routers against each other: first it proves that all give the same answers, then it prints nanoseconds for a
 * look-up (medians of rounds in which they take turns), and the time to register many routes. `--quick` is for a first
 * look only.
 */
import { circumstances, median, table } from "./report.mjs";
import { contenders } from "./router/contenders.mjs";
import { hit, manyRoutes, routes } from "./router/routes.mjs";

const quick = process.argv.includes("--quick");
const ROUNDS = quick ? 7 : 21;
const LOOKUPS = quick ? 100_000 : 200_000;
const MANY = 10_000;

/** @typedef {{ method: string, path: string, value: object | null, params: Record<string, string> }} Wanted */

const registered = routes.map(({ method, pattern }) => ({ method, pattern, value: { of: `${method} ${pattern}` } }));
/** @type {Wanted[]} */
const hits = registered.map(({ method, pattern, value }, index) => ({ method, value, ...hit(pattern, index) }));
const fixed = hits.filter(({ params }) => Object.keys(params).length === 0);
const withParameters = hits.filter(({ params }) => Object.keys(params).length > 0);
const misses = hits.map(({ method, path }) => ({ method, path: `${path}/nothing/here`, value: null, params: {} }));

const subjects = [
  { title: "200 routes of a real API, all hit", wanted: hits },
  { title: "those with parameters", wanted: withParameters },
  { title: "those without", wanted: fixed },
  { title: "paths without a route", wanted: misses },
];

/** Throws where a router does not find what it should. */
function prove(name, find, wanted) {
  for (const { method, path, value, params } of wanted) {
    const found = find(method, path);
    const same = (found?.value ?? null) === value && sameParams(found?.params ?? {}, params);
    if (!same) throw new Error(`${name} does not find what it should for ${method} ${path}`);
  }
}

function sameParams(a, b) {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Paths as a server has them: cut from what was read, and never seen before. */
function cut({ wanted }) {
  const heads = wanted.map(({ method, path }) => ({ method, bytes: Buffer.from(`${method} ${path} HTTP/1.1\r\n`) }));
  return heads.map(({ method, bytes }) => ({ method, bytes, start: method.length + 1, end: bytes.length - 11 }));
}

let sink = 0;

function timeKept(find, wanted) {
  const rounds = Math.ceil(LOOKUPS / wanted.length);
  const started = process.hrtime.bigint();
  for (let round = 0; round < rounds; ++round) {
    for (let index = 0; index < wanted.length; ++index) {
      const { method, path } = wanted[index];
      if (find(method, path) !== null) ++sink;
    }
  }
  return Number(process.hrtime.bigint() - started) / (rounds * wanted.length);
}

function timeCut(find, heads) {
  const rounds = Math.ceil(LOOKUPS / 4 / heads.length);
  const started = process.hrtime.bigint();
  for (let round = 0; round < rounds; ++round) {
    for (let index = 0; index < heads.length; ++index) {
      const { method, bytes, start, end } = heads[index];
      if (find(method, bytes.latin1Slice(start, end)) !== null) ++sink;
    }
  }
  return Number(process.hrtime.bigint() - started) / (rounds * heads.length);
}

/** Medians of rounds in which each contender in turn is the first. */
function compare(runners) {
  const times = new Map(runners.map(({ name }) => [name, []]));
  for (const { run } of runners) run();
  for (let round = 0; round < ROUNDS; ++round) {
    for (let turn = 0; turn < runners.length; ++turn) {
      const { name, run } = runners[(round + turn) % runners.length];
      times.get(name).push(run());
    }
  }
  return times;
}

function report(title, times, unit) {
  const base = median(times.get("pyrois"));
  const rows = [...times].map(([name, all]) => {
    const middle = median(all);
    return [
      name,
      middle.toFixed(1),
      `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`,
      (base / middle).toFixed(3),
    ];
  });
  console.log(`${title}\n\n${table(["router", unit, "rounds", "pyrois' time / its time"], rows)}\n`);
}

const lookups = contenders.map(({ name, prepare }) => ({ name, find: prepare(registered) }));
for (const { name, find } of lookups) for (const { wanted } of subjects) prove(name, find, wanted);
console.log(`${circumstances()}\n\nAll give the same answers.\n`);

for (const { title, wanted } of subjects) {
  report(
    `${title} (${wanted.length})`,
    compare(lookups.map(({ name, find }) => ({ name, run: () => timeKept(find, wanted) }))),
    "ns",
  );
}
const heads = cut(subjects[0]);
const paths = [
  { name: "pyrois", find: lookups[0].find },
  ...lookups.slice(1),
  { name: "(cutting alone)", find: () => null },
];
report(
  "200 routes of a real API, all hit, each path cut from bytes",
  compare(paths.map(({ name, find }) => ({ name, run: () => timeCut(find, heads) }))),
  "ns",
);

const many = manyRoutes(MANY).map((route) => ({ ...route, value: {} }));
report(
  `registering ${MANY} routes, and finding the first`,
  compare(
    contenders.map(({ name, prepare }) => ({
      name,
      run() {
        const started = performance.now();
        prepare(many)(many[0].method, many[0].pattern);
        return performance.now() - started;
      },
    })),
  ),
  "ms",
);
if (sink === 0) throw new Error("nothing was found");
