// Reads declaration files, of the kind that tsc writes: statements that end with a semicolon or a body, docstrings before
// them, nothing left to be inferred. No more of the language than that.

const TOKEN =
  /\s+|\/\*\*[\s\S]*?\*\/|\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[\p{L}_$#][\p{L}\p{N}_$]*|\d[\w.]*|=>|\.\.\.|./gsuy;
const OPENS = "([{";
const CLOSES = ")]}";
/** What is between the words of a declaration and its name. */
const KINDS = { function: "function", class: "class", interface: "interface", type: "type", const: "constant" };
const WITH_BODY = ["class", "interface", "namespace", "module", "global", "enum"];

/** Code and docstrings of a text, in order, each with its place in it; other comments and spaces are left out. */
export function tokensOf(text) {
  const tokens = [];
  for (const { 0: part, index } of text.matchAll(TOKEN)) {
    const isDoc = part.startsWith("/**") && part.length > 4;
    if (isDoc || !/^(?:\s|\/[*/])/.test(part))
      tokens.push({ text: part, start: index, end: index + part.length, isDoc });
  }
  return tokens;
}

/** The text of a docstring, without what makes it a comment. */
function proseOf(comment) {
  const lines = comment.slice(3, -2).split("\n");
  return lines
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}

/** Text as it stands in a file, but for its indentation: two spaces a level, and none for its first line. */
function outdented(text) {
  const lines = text.split("\n");
  const least = Math.min(...lines.slice(1).map((line) => (line.trim() === "" ? 99 : line.search(/\S/))));
  return lines
    .map((line, index) => (index === 0 ? line : line.slice(least === 0 ? 0 : Math.max(0, least - 4))))
    .map((line) => line.replace(/^ +/, (spaces) => " ".repeat(spaces.length / 2)))
    .join("\n");
}

/**
 * Cuts tokens into statements, or the members of a body: `{ doc, tokens, text }`. One ends with a semicolon, or where
 * its body closes.
 */
function statementsOf(text, tokens) {
  const statements = [];
  let doc = "";
  let current = [];
  let depth = 0;
  // Braces in what type parameters and bases are given are no body.
  let angles = 0;
  let inBody = false;
  const end = () => {
    const [first, last] = [current[0], current.at(-1)];
    if (first) statements.push({ doc, tokens: current, text: outdented(text.slice(first.start, last.end)) });
    doc = "";
    current = [];
    angles = 0;
  };
  for (const token of tokens) {
    if (token.isDoc) {
      if (current.length === 0) doc = proseOf(token.text);
      continue;
    }
    if (token.text === ";" && depth === 0) {
      end();
      continue;
    }
    if (depth === 0 && token.text === "<") ++angles;
    if (depth === 0 && token.text === ">") --angles;
    if (depth === 0) inBody = token.text === "{" && angles === 0;
    if (OPENS.includes(token.text)) ++depth;
    if (CLOSES.includes(token.text)) --depth;
    current.push(token);
    if (token.text === "}" && depth === 0 && inBody && hasBody(current)) end();
  }
  end();
  return statements;
}

function hasBody(tokens) {
  const words = tokens.slice(0, 4).map(({ text }) => text);
  const first = words.find((word) => !["export", "declare", "abstract", "default"].includes(word));
  return WITH_BODY.includes(first);
}

/** Where the body of a class or an interface opens: not in what its type parameters and its bases are given. */
function bodyAt(tokens) {
  let angles = 0;
  return tokens.findIndex(({ text }) => {
    if (text === "<") ++angles;
    if (text === ">") --angles;
    return text === "{" && angles === 0;
  });
}

/** Names of what a class or an interface extends, or `implements`, as the word says. */
function namesBehind(word, head) {
  const names = [];
  let angles = 0;
  let last = "";
  let inList = false;
  for (const { text } of head) {
    if (text === "<") ++angles;
    if (text === ">") --angles;
    if (angles > 0) continue;
    if (text === "extends" || text === "implements") inList = text === word;
    if (inList && (last === word || last === ",")) names.push(text);
    last = text;
  }
  return names;
}

const MODIFIER = /^(?:static|readonly|abstract|override|declare|async|get|set|protected|private)$/;

/** The member of a class or an interface that a statement is; null for what is not for everybody. */
function memberOf({ doc, tokens, text }) {
  const words = tokens.map((token) => token.text);
  let at = 0;
  const modifiers = [];
  // A word before `(`, `:` and so on is a name, though it is one of those.
  while (MODIFIER.test(words[at]) && /^[\p{L}_$#"[]/u.test(words[at + 1] ?? "")) modifiers.push(words[at++]);
  if (modifiers.includes("private") || modifiers.includes("protected") || words[at]?.startsWith("#")) return null;
  // Of a name in brackets all up to the last of them.
  const after = words[at] === "[" ? words.indexOf("]", at) + 1 : at + 1;
  const name = words.slice(at, after).join("");
  if (name === "(" || name === "<") return { name: "()", kind: "call", doc, text };
  if (name === "constructor" || name === "new") return { name: "constructor", kind: "constructor", doc, text };
  const isAccessor = /^(?:get|set)$/.test(modifiers.at(-1) ?? "");
  const kind = !isAccessor && (words[after] === "(" || words[after] === "<") ? "method" : "property";
  return { name: name.replace(/^"|"$/g, ""), kind, doc, text, isStatic: modifiers.includes("static") };
}

/** What a declaration declares; null for what is none. */
function declarationOf(statement, source) {
  const words = statement.tokens.map(({ text }) => text);
  let at = 0;
  while (["export", "declare", "abstract", "default"].includes(words[at])) ++at;
  const kind = KINDS[words[at]];
  if (kind === undefined || !/^[\p{L}_$]/u.test(words[at + 1] ?? "")) return null;
  const declaration = { name: words[at + 1], kind, doc: statement.doc, text: statement.text, bases: [], members: [] };
  declaration.promises = [];
  if (kind === "class" || kind === "interface") {
    const body = bodyAt(statement.tokens);
    const head = statement.tokens.slice(0, body);
    declaration.text = outdented(source.slice(head[0].start, head.at(-1).end));
    declaration.bases = namesBehind("extends", head.slice(at + 2));
    declaration.promises = namesBehind("implements", head.slice(at + 2));
    const { start } = statement.tokens[body];
    const inner = tokensOf(source).filter((token) => token.start > start && token.end < statement.tokens.at(-1).end);
    declaration.members = statementsOf(source, inner).map(memberOf).filter(Boolean);
  }
  declaration.text = declaration.text.replace(/^(?:export |declare |default )+/, "");
  return { ...declaration, isExported: words[0] === "export" };
}

/** Names in braces, `{ type A, B as C }`, as pairs of what a name is there and here. */
function namesOf(list) {
  return list
    .split(",")
    .map((each) => each.trim().replace(/^type /, ""))
    .filter((each) => each !== "")
    .map((each) => each.split(" as "))
    .map(([there, here = there]) => ({ there, here }));
}

/**
 * Reads a declaration file: `{ doc, declarations, exports, imports, stars }`. `exports` and `imports` have pairs of
 * names with `from`, which is undefined for what is of this file; `stars` are modules all of whose exports are its own.
 */
export function readDeclarations(source) {
  const tokens = tokensOf(source);
  const file = { doc: tokens[0]?.isDoc ? proseOf(tokens[0].text) : "", declarations: [], exports: [], imports: [] };
  file.stars = [];
  for (const statement of statementsOf(source, tokens)) {
    const words = statement.text.replace(/\s+/g, " ");
    const list = /^(import|export)(?: type)? \{(.*)\}(?: from "(.*)")?$/.exec(words);
    const star = /^export \* from "(.*)"$/.exec(words);
    const main = /^export default ([\w$]+)$/.exec(words);
    if (star) file.stars.push(star[1]);
    else if (main) file.exports.push({ there: main[1], here: "default", from: undefined });
    else if (list) for (const names of namesOf(list[2])) file[`${list[1]}s`].push({ ...names, from: list[3] });
    else {
      const declaration = declarationOf(statement, source);
      if (declaration) file.declarations.push(declaration);
    }
  }
  return file;
}
