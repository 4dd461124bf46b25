/** Paths that are made to cost much, and tables that are changed at random. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PathRouter } from "../../src/router/index.ts";

const LENGTH = 65536;

function busy(): PathRouter<string> {
  const router = new PathRouter<string>();
  const patterns = [
    "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}",
    "/{a:int}/{b:float}/{c:hex}",
    "/{a}-{b}-{c}-{d}",
    "/{a:int}-{b:int}.{c:alpha}",
    "/{a}aa{b}ab{c}",
    "/x/{a:int}/{p:path}",
    "/x/{a}/y/{p:path}",
    "/x/{a:slug}/{b:re(a+b)}",
    "/{a:int|date|uuid|slug}",
    `/${Array.from({ length: 32 }, (_, index) => `{p${index}}`).join("/")}`,
  ];
  for (const pattern of patterns) router.add("POST", pattern, pattern);
  // Every way of fixed text and parameters, so that a search has as much to go back to as can be.
  for (let ways = 0; ways < 64; ++ways) {
    const segments = Array.from({ length: 6 }, (_, bit) => ((ways >> bit) & 1 ? "a" : `{p${bit}}`));
    router.add("POST", `/${segments.join("/")}/end`, String(ways));
  }
  return router;
}

function quickest(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 7; ++turn) {
    const started = performance.now();
    run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

test.each([
  ["slashes", "/"],
  ["short segments", "/a"],
  ["digits", "1"],
  ["minuses", "-"],
  ["text that divides", "-a"],
  ["text that nearly divides", "aa"],
  ["letters and slashes", "a/a-"],
  ["a slug", "a-"],
  ["escapes", "%61"],
  ["escapes and slashes", "/%61"],
  ["escapes that are wrong", "%ff"],
  ["dots", "1."],
])("a path of %s takes linear time", (_, piece) => {
  const router = busy();
  for (const prefix of ["/", "/x/1/", "/1-"]) {
    const [short, long] = [LENGTH / 8, LENGTH].map((length) => prefix + piece.repeat(length / piece.length));
    const times = [short, long].map((path) => quickest(() => router.find("GET", path)));
    // Eight times the length: linear is 8, quadratic 64; what is below a quarter of a millisecond proves nothing.
    expect(times[1]).toBeLessThan(Math.max(0.25, times[0]) * 30);
    expect(times[1]).toBeLessThan(100);
  }
});

test("what was looked up is not kept", () => {
  const router = busy();
  for (let index = 0; index < 1000; ++index) router.find("GET", `/${index}/nothing`);
  expect(router.routes).toHaveLength(74);
});

test("any path gets an answer", () => {
  const router = busy();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom("GET", "POST", ""), (path, method) => {
      const { kind } = router.find(method, `/${path}`);
      return ["found", "none", "invalid", "method"].includes(kind);
    }),
  );
});

const PIECES = ["a", "ab", "abc", "{x}", "{x:int}", "{x:alpha}", "a{x}", "{x}.{y}", "{x:int?}", "{x=1}", "{x:path}"];
const patternOf = (pieces: readonly string[]) =>
  `/${pieces.map((piece, index) => piece.replace(/[xy](?=[:?=}])/g, (name) => `${name}${index}`)).join("/")}`;
const patterns = fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map(patternOf);
const segments = fc.constantFrom("a", "ab", "abc", "abcd", "7", "a.b", "a1", "");
const paths = fc.array(segments, { maxLength: 5 }).map((list) => `/${list.join("/")}`);

/** Registers what is not refused. */
function register(router: PathRouter<string>, list: readonly string[]) {
  return list.flatMap((pattern) => {
    try {
      return [router.add("GET", pattern, pattern)];
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      return [];
    }
  });
}

test("the order of registration, and what came and went between, make no difference", () => {
  fc.assert(
    fc.property(fc.uniqueArray(patterns), fc.uniqueArray(patterns), fc.array(paths), (kept, gone, asked) => {
      const plain = new PathRouter<string>();
      const accepted = register(plain, kept).map(({ pattern }) => pattern);
      const changed = new PathRouter<string>();
      const leaving = register(changed, gone);
      for (const [index, route] of leaving.entries()) if (index % 2 === 0) route.remove();
      changed.replace(
        changed.routes,
        accepted.toReversed().map((pattern) => ({ method: "GET", pattern, value: pattern })),
      );
      for (const path of asked) expect(changed.find("GET", path)).toEqual(plain.find("GET", path));
      for (const route of changed.routes) route.remove();
      for (const path of asked) expect(changed.find("GET", path)).toEqual({ kind: "none" });
    }),
    { numRuns: 500 },
  );
});

test("what url writes, find reads", () => {
  const router = new PathRouter<string>();
  router.add("GET", "/{n:int}/{x:float}/{b:bool}/{s}/{a}-{c:int}/{p:path}", "", { name: "all" });
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((s) => !/^\.\.?$|\0/.test(s));
  const params = fc.record({
    n: fc.maxSafeInteger(),
    x: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map((x) => Math.round(x * 8) / 8),
    b: fc.boolean(),
    s: text,
    a: text.filter((s) => !s.includes("-")),
    c: fc.nat(),
    p: fc.array(text, { minLength: 1 }).map((list) =>
      list
        .map((s) => s.replaceAll("/", ""))
        .filter((s) => !/^\.{0,2}$/.test(s))
        .join("/"),
    ),
  });
  fc.assert(
    fc.property(
      params.filter(({ n, x, p }) => !Object.is(n, -0) && !Object.is(x, -0) && p !== ""),
      (values) => {
        const found = router.find("GET", router.url("all", values));
        expect(found).toEqual({ kind: "found", value: "", params: values });
      },
    ),
  );
});
