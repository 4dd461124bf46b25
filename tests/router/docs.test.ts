/** Runs what docs/routing.md shows. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");
const page = readFileSync(path.join(root, "docs", "routing.md"), "utf8");
const snippets = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

/** Makes checks of the comments that say what a line gives or throws. */
function checked(code: string): string {
  return code
    .replace(/^(\S.*); \/\/ → (.*)$/gm, "check($1, $2);")
    .replace(/^(\S.*); \/\/ throws (.*)$/gm, (_, run, says) => `refused(() => ${run}, ${JSON.stringify(says)});`);
}

/** What a snippet imports stands in these files. */
const SOURCE = ["src/index.ts", "src/router/index.ts"].map((file) => `export * from "./${file}";`).join("\n");

async function run(code: string): Promise<number> {
  const bundle = await build({
    stdin: { contents: `${checked(code)}\nexport {};`, loader: "ts", resolveDir: root },
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    packages: "bundle",
    external: ["ws"],
    logLevel: "silent",
    plugins: [
      {
        name: "pyrois",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^pyrois$/ }, () => ({ path: "pyrois", namespace: "pyrois" }));
          onLoad({ filter: /.*/, namespace: "pyrois" }, () => ({ contents: SOURCE, resolveDir: root, loader: "ts" }));
        },
      },
    ],
  });
  let checks = 0;
  const check = (found: unknown, wanted: unknown) => {
    ++checks;
    expect(found).toEqual(wanted);
  };
  const refused = (attempt: () => unknown, says: string) => {
    ++checks;
    expect(attempt).toThrow(says);
  };
  const { createRequire } = await import("node:module");
  const [{ text }] = bundle.outputFiles;
  new Function("check", "refused", "require", "module", "exports", text)(
    check,
    refused,
    createRequire(import.meta.url),
    { exports: {} },
    {},
  );
  return checks;
}

test.each(snippets.map((code, index) => [index + 1, code]))("snippet %i", async (_, code) => {
  const checks = await run(code as string);
  expect(checks).toBe((code as string).match(/; \/\/ (?:→|throws) /g)?.length ?? 0);
});

test("the table of patterns", async () => {
  const { Router } = await import("../../src/router/index.ts");
  const rows = page.matchAll(/^\| `(\/\S*)` +\| (`\/.*?`) +\| `(\{.*?\})`/gm);
  let count = 0;
  for (const [, pattern, paths, first] of rows) {
    const router = new Router<null>();
    router.add("GET", pattern.replaceAll("\\|", "|"), null);
    const found = router.find("GET", /`(\/[^`]*)`/.exec(paths)?.[1] ?? "");
    const wanted = new Function(`return ${first}`)();
    expect({ ...(found.kind === "found" ? found.params : found) }, pattern).toEqual(wanted);
    ++count;
  }
  expect(count).toBeGreaterThan(8);
});
