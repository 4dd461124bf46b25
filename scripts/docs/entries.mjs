// What the entries of the package export, found by following their declaration files.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { readDeclarations, tokensOf } from "./declarations.mjs";

/** Reads declaration files, each once; `root` is the folder of package.json. */
function reader() {
  const files = new Map();
  return function read(file) {
    if (!files.has(file)) files.set(file, { ...readDeclarations(readFileSync(file, "utf8")), file });
    return files.get(file);
  };
}

const resolved = (file, from) => path.resolve(path.dirname(file), from.replace(/\.ts$/, ".d.ts"));

/**
 * Finds the declarations of a name in a file, or in the one it comes from: several of a function that is overloaded,
 * none where it comes from a package.
 */
function lookUp(read, { declarations, exports, imports, stars, file }, name) {
  const own = declarations.filter((each) => each.name === name);
  if (own.length > 0) return own.map((each) => ({ ...each, file }));
  const listed = [...exports, ...imports].find((each) => each.here === name);
  if (listed && listed.from === undefined)
    return lookUp(read, { declarations, exports: [], imports, stars, file }, listed.there);
  if (listed) return listed.from.startsWith(".") ? lookUp(read, read(resolved(file, listed.from)), listed.there) : [];
  for (const star of stars) {
    const found = lookUp(read, read(resolved(file, star)), name);
    if (found.length > 0) return found;
  }
  return [];
}

/** All names that a file exports, sorted. */
function exportedNames(read, { declarations, exports, stars, file }) {
  const names = [
    ...declarations.filter((each) => each.isExported).map(({ name }) => name),
    ...exports.map(({ here }) => here),
    ...stars.flatMap((star) => exportedNames(read, read(resolved(file, star)))),
  ];
  return [...new Set(names)].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
}

/** Members of a declaration, with those of bases that nobody can name; `isNamed` says which can be. */
function membersOf(read, declaration, isNamed) {
  const own = declaration.members.map((member) => ({ ...member, file: declaration.file }));
  const inherited = declaration.bases
    .filter((base) => !isNamed(base))
    .flatMap((base) => lookUp(read, read(declaration.file), base))
    .flatMap((base) => membersOf(read, base, isNamed))
    .filter(({ name, kind }) => kind !== "constructor" && !own.some((each) => each.name === name));
  return [...own, ...inherited];
}

/** The docstring of a member where a declaration has none of its own: that of what it extends, or implements. */
function inheritedDoc(read, { bases, promises, file }, name) {
  for (const above of [...bases, ...promises].flatMap((base) => lookUp(read, read(file), base))) {
    const own = above.members.find((member) => member.name === name && member.doc !== "")?.doc;
    const doc = own ?? inheritedDoc(read, above, name);
    if (doc !== "") return doc;
  }
  return "";
}

/** Overloads of a member as one, with the docstring that one of them has. */
function joined(members) {
  const byName = new Map();
  for (const { text, doc, ...member } of members) {
    const key = `${member.isStatic ?? false} ${member.name}`;
    const known = byName.get(key);
    if (known === undefined) byName.set(key, { ...member, doc, texts: [text] });
    else {
      known.texts.push(text);
      known.doc ||= doc;
    }
  }
  return [...byName.values()];
}

/** Types of the package that signatures in a file name, each with what it is: see `symbolOf`. */
function typesOf(read, texts, file) {
  const named = new Map();
  for (const { text } of texts.flatMap(tokensOf)) {
    if (!/^\p{Lu}/u.test(text) || named.has(text)) continue;
    const found = lookUp(read, read(file), text);
    if (found.length > 0) named.set(text, found);
  }
  return named;
}

const keyOf = ([{ name, file }]) => `${name} in ${file}`;

/**
 * What is declared, as `name`: `{ name, key, kind, doc, texts, members, types }`. The key is one, whatever it is
 * exported as; `types` has the keys of types that its signatures name, and those of members have their own.
 */
function symbolOf(read, name, found, isNamed) {
  const doc = found.find((each) => each.doc !== "")?.doc ?? "";
  const { kind, file } = found[0];
  const texts = found.map(({ text }) => text);
  const members = joined(found.flatMap((each) => membersOf(read, each, isNamed))).map((member) => ({
    ...member,
    doc: member.doc || inheritedDoc(read, found[0], member.name),
    types: typesOf(read, member.texts, member.file),
  }));
  return { name, key: keyOf(found), kind, doc, texts, members, types: typesOf(read, texts, file) };
}

/** Types that no entry exports and symbols name nevertheless; not those that these name in turn, which are many. */
function hiddenOf(read, symbols, exported) {
  const named = symbols.flatMap(({ types, members }) => [types, ...members.map((member) => member.types)]);
  const hidden = new Map();
  for (const found of named.flatMap((types) => [...types.values()]))
    if (!exported.has(keyOf(found)))
      hidden.set(
        keyOf(found),
        symbolOf(read, found[0].name, found, () => false),
      );
  return [...hidden.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a constant is, as text: plain data and nothing that is secret or large; undefined for all else. */
function shownValue(value) {
  if (typeof value === "function" || typeof value === "symbol" || value === undefined) return undefined;
  const plain = (_, each) => (each === Number.POSITIVE_INFINITY ? "\0Infinity" : each);
  const text = JSON.stringify(value, plain, 2)
    ?.replaceAll('"\\u0000Infinity"', "Infinity")
    .replace(/^( *)"([\p{L}_$][\p{L}\p{N}_$]*)":/gmu, "$1$2:");
  return text === "{}" || text === undefined || text.length > 4000 ? undefined : text;
}

/** What a source file says of itself at its beginning; of a declaration file that is lost where its imports are. */
function introOf(root, types) {
  const source = readFileSync(path.join(root, types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts")), "utf8");
  return readDeclarations(source).doc;
}

/** What an entry gives on that a package, or Node, declares. */
function foreignOf({ exports }, name) {
  const listed = exports.find((each) => each.here === name && each.from !== undefined);
  if (listed === undefined) return undefined;
  const texts = [`export { ${name} } from "${listed.from}"`];
  const doc = `As of \`${listed.from}\`.`;
  return { name, key: texts[0], kind: "foreign", doc, texts, members: [], types: new Map() };
}

/** Reads an entry: `{ name, doc, symbols }`; constants have the `value` that they have in what was built. */
async function entryOf(root, read, specifier, { types, default: script }) {
  // As the compiler wrote it, a file for each source: what is packed has them together.
  const top = read(path.join(root, types.replace("./dist/", "build/types/")));
  const names = exportedNames(read, top);
  const symbols = names.map((name) => {
    const found = lookUp(read, top, name);
    const symbol =
      found.length > 0 ? symbolOf(read, name, found, (base) => names.includes(base)) : foreignOf(top, name);
    if (symbol === undefined) throw new Error(`${specifier}: nothing declares ${name}`);
    return { ...symbol, value: undefined };
  });
  const constants = symbols.filter(({ kind }) => kind === "constant");
  // To load an entry may do something, as those do that have nothing to export.
  const values = constants.length > 0 ? await import(pathToFileURL(path.join(root, script)).href) : {};
  for (const symbol of constants) symbol.value = shownValue(values[symbol.name]);
  return { name: specifier, doc: introOf(root, types), symbols };
}

/** Has every symbol name types by their keys alone. */
function withKeys(symbol) {
  const keys = (types) => new Map([...types].map(([name, found]) => [name, keyOf(found)]));
  const members = symbol.members.map((member) => ({ ...member, types: keys(member.types) }));
  return { ...symbol, members, types: keys(symbol.types) };
}

/**
 * Reads all entries of the package in a folder that have types: `{ name, doc, symbols, hidden }`, where the last are types
 * that nobody can name and signatures do. Throws an Error where one exports what is not there.
 */
export async function readEntries(root) {
  const { name, exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const read = reader();
  const entries = [];
  for (const [key, entry] of Object.entries(exports))
    if (entry.types !== undefined) entries.push(await entryOf(root, read, key.replace(".", name), entry));
  const exported = new Set(entries.flatMap(({ symbols }) => symbols.map(({ key }) => key)));
  return entries.map((entry) => ({
    ...entry,
    symbols: entry.symbols.map(withKeys),
    hidden: hiddenOf(read, entry.symbols, exported).map(withKeys),
  }));
}
