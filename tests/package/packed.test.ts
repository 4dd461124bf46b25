/** What npm packs: which files, how large, and what those say of it who know how packages are resolved. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entries, manifest, pack } from "../support/packed.ts";

/** Most bytes that may be packed: of everything, and of all files of a kind when they are packed alone. */
const LIMITS = { all: 340_000, js: 220_000, "d.ts": 75_000, wasm: 8_000 };

const folder = mkdtempSync(path.join(tmpdir(), "pyrois-packed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tarball: Buffer<ArrayBuffer>;
/** Content by name, as it is in the package. */
const files = new Map<string, Buffer>();

/** Reads the blocks of a tar: a header of 512 bytes with name and size, then the content, filled up to 512. */
function unpack(tar: Buffer): void {
  const text = (at: number, length: number) => tar.toString("latin1", at, at + length).replace(/\0[\s\S]*$/, "");
  for (let at = 0; tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const name = path.posix.join(text(at + 345, 155), text(at, 100)).replace(/^package\//, "");
    files.set(name, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

beforeAll(() => {
  tarball = readFileSync(pack(folder));
  unpack(gunzipSync(tarball));
}, 60_000);

test("it has what it says, and nothing else", () => {
  const names = [...files.keys()];
  for (const name of ["package.json", "README.md", "CHANGELOG.md", "LICENSE"]) expect(names).toContain(name);
  for (const target of Object.values<string | { types: string; default: string }>(manifest.exports)) {
    const parts = typeof target === "string" ? [target] : [target.types, target.default];
    for (const part of parts) expect(names).toContain(part.replace("./", ""));
  }
  const others = names.filter((name) => !/^dist\/.*\.(js|d\.ts|wasm|LICENSE)$/.test(name));
  const page = ["icon.svg", "inspector.css", "inspector.html"].map((name) => `dist/dev/inspector/page/${name}`);
  expect(others.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", ...page, "package.json"]);
});

test("CHANGELOG.md begins with this version", () => {
  expect(/^## \[?([\d.]+)/m.exec(`${files.get("CHANGELOG.md")}`)?.[1]).toBe(manifest.version);
});

test("it is small", () => {
  const sizes: Record<string, number> = { all: tarball.length };
  for (const kind of ["js", "d.ts", "wasm"]) {
    const all = [...files].filter(([name]) => name.endsWith(`.${kind}`)).map(([, content]) => content);
    sizes[kind] = gzipSync(Buffer.concat(all), { level: 9 }).length;
  }
  for (const [kind, limit] of Object.entries(LIMITS)) {
    const said = `packed, ${kind} has ${sizes[kind]} bytes, and may have ${limit}`;
    expect(sizes[kind], said).toBeLessThanOrEqual(limit);
  }
});

test("the parser's bytes are in the code once, and not in base64", () => {
  const code = [...files].filter(([name]) => name.endsWith(".js")).map(([, content]) => `${content}`);
  expect(code.filter((each) => each.includes("\\0asm"))).toHaveLength(1);
  expect(code.filter((each) => each.includes("AGFzbQ"))).toEqual([]);
});

test("publint finds nothing", async () => {
  const { buffer, byteOffset, length } = tarball;
  const { messages } = await publint({ pack: { tarball: buffer.slice(byteOffset, byteOffset + length) } });
  expect(messages).toEqual([]);
});

test("the types are right wherever modules are", { timeout: 60_000 }, async () => {
  const unpacked = createPackageFromTarballData(new Uint8Array(tarball));
  const result = await checkPackage(unpacked, { excludeEntrypoints: [/\.(wasm|json)$/] });
  if (!result.types) throw new Error("there are no types");
  const checked = Object.keys(result.entrypoints);
  for (const name of entries.keys()) expect(checked).toContain(name.replace("pyrois", "."));
  const found = result.problems.map(
    (each) => `${each.kind}${"resolutionKind" in each ? ` ${each.resolutionKind}` : ""}`,
  );
  expect([...new Set(found)].sort()).toEqual([
    // What require gives is a module: Node can do that since 20.19, and TypeScript knows since 5.8.
    "CJSResolvesToESM node16-cjs",
    // The way of Node 10, which knew no entries.
    "NoResolution node10",
  ]);
});
