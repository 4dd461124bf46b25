// Bundles declarations: of what tsc writes for every source, only what an entry can reach, in one file for each entry
// and one for whatever the same entries share, as esbuild does with the code. Whoever takes one entry needs the types of
// no other: those of Node, or of a package that is not installed.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const QUOTED = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
/** No other template may stand in one; that would be told as a declaration that does not end. */
const TEMPLATE = /`[^`]*`/y;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/y;
/** What ends with the brace that closes it, and not with a semicolon. */
const BRACED = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|module|global|namespace|enum)\b/;
const DECLARED = /^(export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|let|enum) ([\w$]+)/;
const FROM = /\bfrom "([^"]+)";$|^import "([^"]+)";$/;
const DEFAULT = /^export default ([\w$]+);$/;
const AUGMENTATION = /^declare module "(\.[^"]*)"/;

/** Where the token at a position ends: a comment, a string, a template, or one character. */
function tokenEnd(text, at) {
  for (const token of [COMMENT, QUOTED, TEMPLATE]) {
    token.lastIndex = at;
    if (token.test(text)) return token.lastIndex;
  }
  return at + 1;
}

/** The statements of a declaration file, each with the comment before it (the last: one before that is the file's). */
function statementsOf(text) {
  const found = [];
  let depth = 0;
  let comment = "";
  let start = -1;
  for (let at = 0, end; at < text.length; at = end) {
    end = tokenEnd(text, at);
    const token = text.slice(at, end);
    if (start < 0) {
      if (/^\s/.test(token)) continue;
      if (/^\/[*/]/.test(token)) {
        comment = token;
        continue;
      }
      start = at;
    }
    if ("{([".includes(token)) ++depth;
    else if ("})]".includes(token)) --depth;
    const closed = depth === 0 && (token === ";" || (token === "}" && BRACED.test(text.slice(start, end))));
    if (!closed) continue;
    found.push({ comment, code: text.slice(start, end) });
    comment = "";
    start = -1;
  }
  if (start >= 0 || depth !== 0) throw new Error(`a declaration does not end: ${text.slice(start, start + 80)}`);
  return found;
}

/** `{ type A as B, C }` as `[["A", "B", true], ["C", "C", false]]`: the name there, the name here, whether only a type. */
function namesIn(list, onlyTypes) {
  return list
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => {
      const [, type, there, here = there] = /^(type )?([\w$]+)(?: as ([\w$]+))?$/.exec(each);
      return [there, here, onlyTypes || type !== undefined];
    });
}

/** The words of a declaration that may be names of others: not those in its comments and strings. */
function wordsOf(code) {
  let bare = "";
  for (let at = 0, end; at < code.length; at = end) {
    end = tokenEnd(code, at);
    if (end === at + 1 || code[at] === "`") bare += code.slice(at, end);
    else bare += " ";
  }
  return new Set(bare.match(/[A-Za-z_$][\w$]*/g));
}

/** All that was declared, by file and name, and who reaches what. */
class Declarations {
  #files = new Map();
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  /** A file: what it declares, imports and exports, and what it adds to the declarations of others. */
  file(name) {
    let file = this.#files.get(name);
    if (!file) {
      file = { name, declared: new Map(), imported: new Map(), exported: new Map(), stars: [], added: [] };
      this.#files.set(name, file);
      for (const statement of statementsOf(readFileSync(path.join(this.#folder, name), "utf8"))) {
        this.#take(file, statement);
      }
    }
    return file;
  }

  #take(file, { comment, code }) {
    const source = FROM.exec(code);
    const from = source && this.#target(file, source[1] ?? source[2]);
    const list = /\{([^}]*)\}/.exec(code);
    const onlyTypes = /^(?:import|export) type /.test(code);
    const added = AUGMENTATION.exec(code);
    const [, exported, name] = DECLARED.exec(code) ?? [];
    if (/^import\b/.test(code)) {
      // What Node's modules have as their default is all of them.
      const all = /\* as ([\w$]+)/.exec(code) ?? /^import (?:type )?([\w$]+) from "node:/.exec(code);
      if (all) file.imported.set(all[1], { from, there: "*" });
      else if (!list) throw new Error(`${file.name}: ${code}`);
      else for (const [there, here] of namesIn(list[1], true)) file.imported.set(here, { from, there });
    } else if (/^export (?:type )?\*/.test(code)) {
      file.stars.push({ from, type: onlyTypes });
    } else if (DEFAULT.test(code)) {
      file.exported.set("default", { from: null, there: DEFAULT.exec(code)[1], type: false });
    } else if (/^export (?:type )?\{/.test(code)) {
      for (const [there, here, type] of namesIn(list[1], onlyTypes)) file.exported.set(here, { from, there, type });
    } else if (added) {
      file.added.push({ code, id: `${file.name}#${file.added.length}` });
    } else if (name) {
      const parts = file.declared.get(name) ?? [];
      parts.push({ comment, code: code.replace(/^export /, "") });
      file.declared.set(name, parts);
      if (exported) file.exported.set(name, { from: null, there: name, type: false });
    } else throw new Error(`${file.name}: what is ${code}`);
  }

  /** A file of ours, by its name; of somebody else's, by what is imported. */
  #target(file, specifier) {
    if (!specifier.startsWith(".")) return `package ${specifier}`;
    return path.posix.join(path.posix.dirname(file.name), specifier).replace(/\.[jt]s$/, ".d.ts");
  }

  /** What a name means that a file exports, or null. */
  #exportOf(name, wanted) {
    if (name.startsWith("package ")) return { package: name.slice(8), name: wanted };
    const file = this.file(name);
    const own = file.exported.get(wanted);
    if (own) {
      const meant = own.from === null ? this.meaning(file, own.there) : this.#exportOf(own.from, own.there);
      return meant && { ...meant, type: own.type || meant.type };
    }
    for (const star of file.stars) {
      const meant = this.#exportOf(star.from, wanted);
      if (meant) return { ...meant, type: star.type || meant.type };
    }
    return null;
  }

  /** What a name means inside a file: a declaration, something of a package, or null where it is nobody's (or the language's). */
  meaning(file, name) {
    if (file.declared.has(name)) return { file: file.name, name };
    const imported = file.imported.get(name);
    if (!imported) return null;
    const meant = this.#exportOf(imported.from, imported.there);
    if (!meant) throw new Error(`${file.name}: ${imported.from} has no ${imported.there}`);
    return meant;
  }

  /** Everything that an entry exports: what it means, by its name. */
  exportsOf(name) {
    const file = this.file(name);
    const found = new Map();
    for (const { from, type } of file.stars) {
      for (const [key, meant] of this.exportsOf(from)) found.set(key, { ...meant, type: type || meant.type });
    }
    for (const key of file.exported.keys()) found.set(key, this.#exportOf(name, key));
    return found;
  }
}

/** What a declaration (or an addition) names, by how it names it. */
function namedBy(all, file, words, own) {
  const named = new Map();
  for (const word of words) {
    const meant = word === own ? null : all.meaning(file, word);
    if (meant) named.set(word, meant);
  }
  return named;
}

const idOf = ({ file, name }) => `${file} ${name}`;

/** The nodes that an entry reaches; made once for all entries, which mark them. */
function reach(all, nodes, entry, first) {
  const waiting = [...first];
  const visit = (id, make) => {
    let node = nodes.get(id);
    if (!node) {
      node = { id, entries: new Set(), ...make() };
      nodes.set(id, node);
    }
    if (node.entries.has(entry)) return;
    node.entries.add(entry);
    waiting.push(...node.named.values());
  };
  for (let meant = waiting.pop(); meant; meant = waiting.pop()) {
    if (meant.package) continue;
    const { name } = meant;
    const file = all.file(meant.file);
    visit(idOf(meant), () => {
      const parts = file.declared.get(name);
      const words = new Set(parts.flatMap(({ code }) => [...wordsOf(code)]));
      return { file, name, parts, named: namedBy(all, file, words, name) };
    });
    // What a file adds to others is there as soon as anything of the file is.
    for (const added of file.added) {
      const named = () => namedBy(all, file, wordsOf(added.code), null);
      visit(added.id, () => ({ file, name: null, parts: [added], named: named() }));
    }
  }
}

/** A file to be written: what it declares, and what every name means in it. */
class Output {
  nodes = [];
  names = new Map();
  exported = new Map();

  constructor(name) {
    this.name = name;
  }

  #bindings(node) {
    const own = node.name === null ? [] : [[node.name, idOf({ file: node.file.name, name: node.name })]];
    return [
      ...own,
      ...[...node.named].map(([word, meant]) => [word, meant.package ? JSON.stringify(meant) : idOf(meant)]),
    ];
  }

  /** Takes a node in, unless a name of it means something else here already. */
  take(node) {
    const bindings = this.#bindings(node);
    if (bindings.some(([word, id]) => this.names.has(word) && this.names.get(word) !== id)) return false;
    for (const [word, id] of bindings) this.names.set(word, id);
    this.nodes.push(node);
    return true;
  }

  /** Takes all of an entry in, or none: what stands elsewhere would need names that the entry must not export. */
  takeAll(nodes) {
    if (nodes.every((node) => this.take(node))) return true;
    this.nodes = [];
    this.names.clear();
    return false;
  }
}

const specifierOf = (from, to) => {
  const relative = path.posix.relative(path.posix.dirname(from), to).replace(/\.d\.ts$/, ".js");
  return relative.startsWith(".") ? relative : `./${relative}`;
};

/** Puts a name to import into lists by module. */
function note(lists, module, there, here) {
  const list = lists.get(module) ?? new Set();
  list.add(there === here ? here : `${there} as ${here}`);
  lists.set(module, list);
}

/** What an output imports, once it is known where everything stands. */
function importsOf(output, placeOf) {
  const lists = new Map();
  for (const node of output.nodes) {
    for (const [word, meant] of node.named) {
      if (meant.package) note(lists, meant.package, meant.name, word);
      else {
        const place = placeOf.get(idOf(meant));
        if (place === output && word === meant.name) continue;
        place.exported.set(meant.name, { name: meant.name });
        note(lists, specifierOf(output.name, place.name), meant.name, word);
      }
    }
  }
  return [...lists].flatMap(([module, names]) => {
    const all = [...names].filter((each) => each.startsWith("*"));
    const some = [...names].filter((each) => !each.startsWith("*")).sort();
    const lines = all.map((each) => `import type ${each} from "${module}";`);
    return some.length === 0 ? lines : [...lines, `import type { ${some.join(", ")} } from "${module}";`];
  });
}

/**
 * A declaration as it is written. What one file adds to another is added to the package's main entry by its name, as
 * users add to it: the compiler loses what two have added who do not name the same module.
 */
function textOf(output, node, main) {
  if (node.name === null) return node.parts[0].code.replace(AUGMENTATION, `declare module "${main}"`);
  const before = isPlain(output, node.name) ? "export " : "";
  return node.parts.map(({ comment, code }) => `${comment === "" ? "" : `${comment}\n`}${before}${code}`).join("\n");
}

/** Whether a declaration is exported by the name that it has, and not only as a type. */
function isPlain(output, name) {
  const exported = output.exported.get(name);
  return exported !== undefined && exported.name === name && !exported.type;
}

/** What an entry gives on that stands elsewhere, and notes what others must export for it. */
function exportsOf(output, names, placeOf) {
  const lists = new Map();
  for (const [key, meant] of names) {
    const type = meant.type ? "type " : "";
    if (meant.package) {
      note(lists, meant.package, `${type}${meant.name}`, `${type}${key}`);
      continue;
    }
    const place = placeOf.get(idOf(meant));
    if (place === output) output.exported.set(key, { name: meant.name, type });
    else {
      place.exported.set(meant.name, place.exported.get(meant.name) ?? { name: meant.name });
      note(lists, specifierOf(output.name, place.name), `${type}${meant.name}`, `${type}${key}`);
    }
  }
  return [...lists].map(
    ([module, list]) =>
      `export { ${[...list].map((each) => each.replace(" as type ", " as ")).join(", ")} } from "${module}";`,
  );
}

/** The text of a file: imports, declarations, and what of them is exported: without the list, which may be empty, all would be. */
function write(folder, output, lines, main) {
  const listed = [...output.exported].filter(([key]) => !isPlain(output, key));
  const list = listed.map(([key, { name, type = "" }]) => `${type}${name}${name === key ? "" : ` as ${key}`}`);
  const texts = output.nodes.map((node) => textOf(output, node, main));
  const text = [...lines, ...texts, `export { ${list.join(", ")} };`].join("\n");
  const file = path.join(folder, output.name);
  mkdirSync(path.dirname(file), { recursive: true });
  // Tabs, as a fourth of the text would be spaces.
  writeFileSync(file, `${text.replace(/^(?: {4})+/gm, (spaces) => "\t".repeat(spaces.length / 4))}\n`);
}

/** Where every node stands: with its entry, or with those that the same entries reach. */
function place(nodes, outputs) {
  const entries = outputs.size;
  const groups = new Map();
  for (const node of nodes.values()) {
    const key = [...node.entries].sort().join();
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const placeOf = new Map();
  for (const [key, group] of groups) {
    const own = outputs.get(key);
    const places = own?.takeAll(group) ? [own] : [];
    for (const node of group) {
      let found = places.find((output) => output.nodes.includes(node) || output.take(node));
      if (!found) {
        found = new Output(`types/${outputs.size - entries + 1}.d.ts`);
        found.take(node);
        outputs.set(found.name, found);
        places.push(found);
      }
      placeOf.set(node.id, found);
    }
  }
  return placeOf;
}

/** Bundles the declarations in a folder for some entries of it (`h1/index.d.ts`) into another one; `main` is what the package is imported by. */
export function bundleDeclarations(from, entries, to, main) {
  const all = new Declarations(from);
  const nodes = new Map();
  const names = new Map(entries.map((entry) => [entry, all.exportsOf(entry)]));
  for (const [entry, found] of names) reach(all, nodes, entry, found.values());
  const outputs = new Map(entries.map((entry) => [entry, new Output(entry)]));
  const placeOf = place(nodes, outputs);
  const lines = new Map();
  for (const output of outputs.values()) lines.set(output, importsOf(output, placeOf));
  for (const [entry, found] of names)
    lines.get(outputs.get(entry)).push(...exportsOf(outputs.get(entry), found, placeOf));
  for (const output of outputs.values()) write(to, output, lines.get(output), main);
}
