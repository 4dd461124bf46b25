/** Runs what README and the pages of docs/ show, on what was built; the types of it all are checked, too. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { beforeAll, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const folder = path.join(root, "build", "snippets");
const read = (page: string) => readFileSync(path.join(root, page), "utf8");
const pages = ["README.md", ...readdirSync(path.join(root, "docs")).map((file) => `docs/${file}`)];

/** What snippets need around them that show a part of something: what stands before them, and what ends it. */
const AROUND: Readonly<Record<string, { before?: string; after?: string }>> = {
  "README 1": { after: "await server.stop();" },
  "README 5": {
    before: `
      import type { Transport } from "pyrois/h1";
      const bytes = new TextEncoder().encode("POST /a HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n\\r\\nhi");
      const now = 0;
      const written: (string | Uint8Array)[] = [];
      const transport: Transport = {
        write: (pieces) => written.push(...pieces) > 0,
        peer: {}, unsent: () => 0, end() {}, destroy() {}, reset() {}, probe() {}, pause() {}, resume() {}, detach() {},
      };`,
    after: `
await new Promise(setImmediate);
written.join("").split("\\r\\n\\r\\n")[1]; // → "POST /a with 2 bytes\\n"`,
  },
  "README 6": { before: 'const chunk = new TextEncoder().encode("GET /path HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n");' },
};

/** Snippets by the name of their file, "routing-1"; the port that they show is for the system to choose. */
const snippets = pages.flatMap((page) =>
  [...read(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, shown], index) => {
    const name = `${path.basename(page, ".md")} ${index + 1}`;
    const { before = "", after = "" } = AROUND[name] ?? {};
    const code = `${before}\n${shown.replace(/\b(port: |withPort\()8080\b/g, "$10")}${after}`;
    return { name, code, file: path.join(folder, name.replace(" ", "-")) };
  }),
);

/** Checks of the comments that say what a line gives or throws, and how many there are. */
function checked(code: string): [code: string, count: number] {
  const text = code
    .replace(/^(\S.*); \/\/ → (.*)$/gm, "__check($1, $2);")
    .replace(/^(\S.*); \/\/ throws (.*)$/gm, (_, run, says) => `__refused(() => ${run}, ${JSON.stringify(says)});`);
  return [text, code.match(/\/\/ (?:→|throws) /g)?.length ?? 0];
}

interface Checks {
  __check(found: unknown, wanted: unknown): void;
  __refused(attempt: () => unknown, says: string): void;
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

test("what stands around snippets belongs to one", () => {
  const names = snippets.map(({ name }) => name);
  for (const name of Object.keys(AROUND)) expect(names).toContain(name);
});

test.each(snippets)("$name", async ({ code, file }) => {
  const [text, wanted] = checked(code);
  let count = 0;
  const checks: Checks = {
    __check(found, value) {
      ++count;
      expect(found).toEqual(value);
    },
    __refused(attempt, says) {
      ++count;
      expect(attempt).toThrow(says);
    },
  };
  Object.assign(globalThis, checks);
  const { code: script } = await transform(text, { loader: "ts", format: "esm", target: "es2022" });
  writeFileSync(`${file}.mjs`, script);
  await import(/* @vite-ignore */ pathToFileURL(`${file}.mjs`).href);
  expect(count).toBe(wanted);
});

test("the types of all snippets check", () => {
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    lib: ["es2023"],
    types: ["node"],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
  };
  for (const { code, file } of snippets) writeFileSync(`${file}.ts`, code);
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  let said = "";
  try {
    execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  } catch (error) {
    said = (error as { stdout: string }).stdout;
  }
  expect(said).toBe("");
});

test("the table of patterns in docs/routing.md", async () => {
  const { PathRouter } = await import("../../src/router/index.ts");
  const rows = read("docs/routing.md").matchAll(/^\| `(\/\S*)` +\| (`\/.*?`) +\| `(\{.*?\})`/gm);
  let count = 0;
  for (const [, pattern, paths, first] of rows) {
    const router = new PathRouter<null>();
    router.add("GET", pattern.replaceAll("\\|", "|"), null);
    const found = router.find("GET", /`(\/[^`]*)`/.exec(paths)?.[1] ?? "");
    const wanted = new Function(`return ${first}`)();
    expect({ ...(found.kind === "found" ? found.params : found) }, pattern).toEqual(wanted);
    ++count;
  }
  expect(count).toBeGreaterThan(8);
});
