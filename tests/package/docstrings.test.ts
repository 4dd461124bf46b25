/** Everything that the entries export says what it is: the reference is made of that. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..", "..");

interface Entry {
  readonly name: string;
  readonly doc: string;
  readonly symbols: readonly {
    readonly name: string;
    readonly kind: string;
    readonly doc: string;
    readonly members: readonly { readonly name: string; readonly doc: string; readonly texts: readonly string[] }[];
    readonly texts: readonly string[];
    readonly value: string | undefined;
  }[];
}

let entries: readonly Entry[];

beforeAll(async () => {
  const script = pathToFileURL(path.join(root, "scripts", "docs", "entries.mjs")).href;
  entries = await (await import(/* @vite-ignore */ script)).readEntries(root);
});

test("every export has a docstring", () => {
  const without = entries.flatMap(({ name, symbols }) =>
    symbols.filter(({ doc }) => doc === "").map((symbol) => `${name}: ${symbol.kind} ${symbol.name}`),
  );
  expect(without).toEqual([]);
});

test("every entry says what it is, by its name", () => {
  for (const { name, doc } of entries) expect(doc).toMatch(new RegExp(`^\`${name}\`: .`));
});

test("what is run is what is read: each entry has the values that its module has", async () => {
  for (const { name, symbols } of entries) {
    // To load what exports nothing would only do what it is there for.
    if (symbols.length === 0) continue;
    const values = symbols.filter(({ kind }) => kind !== "interface" && kind !== "type");
    const module = await import(/* @vite-ignore */ name);
    const types = Object.keys(module).filter((key) => !values.some((value) => value.name === key));
    expect(types, `exports of ${name} that the reference lacks`).toEqual([]);
  }
});

test("constants have their values", () => {
  const symbols = entries.flatMap((entry) => entry.symbols);
  const value = symbols.find(({ name }) => name === "DEFAULT_SERVER_OPTIONS")?.value;
  expect(value).toContain("  maxHeadSize: 16384,\n");
  expect(value).toContain("  maxConnections: Infinity,\n");
});

const DECLARATIONS = `/** The file. */
import type { A, B as C } from "./a.ts";
export * from "./b.ts";
export { type D, e as f } from "./c.ts";
/** A class; it has \`code\`. */
export declare abstract class One<T extends { readonly a: string } = { a: ";" }> extends Two<{ b: 1 }> implements Three<Four, {}>, Five {
    #private;
    private hidden;
    protected alsoHidden(): void;
    /** Anybody's. */
    static readonly get: (of: string) => { a: 1; b: 2 };
    get: number;
    get value(): T;
    constructor(first: string);
    /** Overloads have one docstring. */
    run(): void;
    run(again: () => void): void;
    [Symbol.iterator](): Iterator<T>;
}
interface Four extends One, Two<One> {
    (call: string): void;
    readonly [key: string]: unknown;
    "quoted-name"?: 1;
}
/** Text with braces: "}". */
export declare const text = "};";
export type Five = {
    readonly kind: "a";
}
/** Between. */
 | { kind: "b" };
export declare function six<const P extends string>(path: P, { a, b }?: { a?: 1; b?: 2 }): asserts path is P;
export {};
`;

test("declarations are read as they stand", async () => {
  const script = pathToFileURL(path.join(root, "scripts", "docs", "declarations.mjs")).href;
  const { readDeclarations } = await import(/* @vite-ignore */ script);
  const { doc, imports, exports, stars, declarations } = readDeclarations(DECLARATIONS);
  expect([doc, stars]).toEqual(["The file.", ["./b.ts"]]);
  expect(imports).toEqual([
    { there: "A", here: "A", from: "./a.ts" },
    { there: "B", here: "C", from: "./a.ts" },
  ]);
  expect(exports).toEqual([
    { there: "D", here: "D", from: "./c.ts" },
    { there: "e", here: "f", from: "./c.ts" },
  ]);
  const [one, four, text, five, six] = declarations;
  expect([one.name, one.kind, one.doc]).toEqual(["One", "class", "A class; it has `code`."]);
  expect([one.bases, one.promises]).toEqual([["Two"], ["Three", "Five"]]);
  expect(one.text).toMatch(/^abstract class One<T .* implements Three<Four, {}>, Five$/);
  const membersOf = (of: { members: { name: string; kind: string }[] }) =>
    of.members.map(({ name, kind }) => [name, kind]);
  expect(membersOf(one)).toEqual([
    ["get", "property"],
    ["get", "property"],
    ["value", "property"],
    ["constructor", "constructor"],
    ["run", "method"],
    ["run", "method"],
    ["[Symbol.iterator]", "method"],
  ]);
  expect(one.members[0]).toMatchObject({ doc: "Anybody's.", isStatic: true });
  expect([four.isExported, four.bases]).toEqual([false, ["One", "Two"]]);
  expect(membersOf(four).map(([name]) => name)).toEqual(["()", "[key:string]", "quoted-name"]);
  expect([text.kind, text.text, text.doc]).toEqual(["constant", 'const text = "};"', 'Text with braces: "}".']);
  expect(five.text).toContain('| { kind: "b" }');
  expect(six.text).toMatch(/^function six<.*asserts path is P$/);
});
