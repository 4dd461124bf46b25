// Makes the pages of the reference: one for each entry of the package, of its declarations.
import { tokensOf } from "./declarations.mjs";
import { codeBlock, escaped, renderDoc } from "./markdown.mjs";

const KINDS = [
  ["function", "Functions"],
  ["class", "Classes"],
  ["interface", "Interfaces"],
  ["type", "Types"],
  ["constant", "Constants"],
];
const KEYWORD =
  /^(?:abstract|any|asserts|boolean|class|const|constructor|declare|extends|false|function|get|implements|infer|interface|is|keyof|never|new|null|number|object|readonly|set|static|string|this|true|type|typeof|undefined|unique|unknown|void)$/;
/** Signatures that are longer have a line for each part that is separated by commas. */
const WIDTH = 100;

/** Where an entry's page is, from the top of the site. */
export const urlOf = (entry) => `reference/${entry.name.replaceAll("/", "-")}.html`;

/** Puts the parameters of a long signature of one line each on a line of its own. */
function broken(signature) {
  if (signature.length <= WIDTH || signature.includes("\n")) return signature;
  const tokens = tokensOf(signature);
  const open = tokens.find(({ text }) => text === "(");
  if (open === undefined) return signature;
  let depth = 0;
  const cuts = [];
  for (const { text, end } of tokens.filter(({ start }) => start >= open.start)) {
    if ("([{<".includes(text)) ++depth;
    if (")]}>".includes(text)) --depth;
    if (depth === 0) {
      const list = [open.end, ...cuts, end - 1].map((cut, index, all) => signature.slice(cut, all[index + 1]).trim());
      const parts = list.slice(0, -1).filter((part) => part !== "");
      if (parts.length === 0) return signature;
      return `${signature.slice(0, open.end)}\n  ${parts.join("\n  ")}\n${signature.slice(end - 1)}`;
    }
    if (text === "," && depth === 1) cuts.push(end);
  }
  return signature;
}

/** A signature as HTML, in which types of the package lead to where they are told; `find` gives where that is. */
function signatureHtml(signature, find) {
  const text = broken(signature);
  let html = "";
  let last = 0;
  let before = "";
  for (const { text: part, start, end, isDoc } of tokensOf(text)) {
    html += escaped(text.slice(last, start));
    const after = text.slice(end).trimStart()[0] ?? "";
    const isType = /^[A-Z]/.test(part) && before !== "." && !(after === ":" && before !== "?");
    const href = isType ? find(part) : undefined;
    if (isDoc) html += `<span class="hljs-comment">${escaped(part)}</span>`;
    else if (href) html += `<a href="${href}">${part}</a>`;
    else if (/^["'`]/.test(part)) html += `<span class="hljs-string">${escaped(part)}</span>`;
    else if (KEYWORD.test(part) && after !== ":" && after !== "?") html += `<span class="hljs-keyword">${part}</span>`;
    else html += escaped(part);
    last = end;
    before = part;
  }
  return html;
}

const signatures = (texts, find) =>
  `<pre class="signature" tabindex="0"><code>${texts.map((text) => signatureHtml(text, find)).join("\n")}</code></pre>\n`;

function memberHtml(symbol, member, find) {
  const id = `${symbol.name}.${member.isStatic ? "static." : ""}${member.name}`;
  const doc = member.doc === "" ? "" : renderDoc(member.doc);
  return `<section class="member" id="${escaped(id)}">
<h4>${escaped(member.name)} <a class="anchor" href="#${escaped(id)}" aria-label="Link to “${escaped(id)}”">#</a></h4>
${signatures(member.texts, find)}${doc}</section>\n`;
}

function symbolHtml(symbol, find) {
  const { name, doc, texts, value, members } = symbol;
  const shown = value === undefined ? "" : codeBlock(escaped(value), "value");
  return `<section class="symbol" id="${name}">
<h3>${name} <a class="anchor" href="#${name}" aria-label="Link to “${name}”">#</a></h3>
${signatures(texts, find)}${renderDoc(doc)}${shown}${members.map((member) => memberHtml(symbol, member, find)).join("")}</section>\n`;
}

/** Gives what finds the page and place of a type: on the same page where it is there, else on the first that has it. */
function finder(entries, entry) {
  return (name) => {
    if (entry.symbols.some((symbol) => symbol.name === name)) return `#${name}`;
    const other = entries.find(({ symbols }) => symbols.some((symbol) => symbol.name === name));
    return other && `${urlOf(other).replace("reference/", "")}#${name}`;
  };
}

/** What is searched of an entry: what no entry before it has. */
function sectionsOf(entries, entry) {
  const earlier = entries.slice(0, entries.indexOf(entry));
  const isKnown = ({ name, file }) =>
    earlier.some(({ symbols }) => symbols.some((symbol) => symbol.name === name && symbol.file === file));
  const symbols = entry.symbols.filter((symbol) => !isKnown(symbol));
  const plain = (...texts) => texts.join(" ").replaceAll("`", "");
  return [
    { id: "", title: entry.name, text: plain(entry.doc) },
    ...symbols.map(({ name, doc, members }) => {
      const texts = members.map((member) => `${member.name}: ${member.doc}`);
      return { id: name, title: name, text: plain(doc, ...texts) };
    }),
  ];
}

/** The page of an entry, as `renderPage` gives it, with its `url`. */
export function referencePage(entries, entry) {
  const find = finder(entries, entry);
  const headings = [{ id: "", text: entry.name, depth: 1 }];
  let html = `<h1>${entry.name}</h1>\n${renderDoc(entry.doc.replace(/^`[^`]*`: (.)/, (_, first) => first.toUpperCase()))}`;
  for (const [kind, title] of KINDS) {
    const symbols = entry.symbols.filter((symbol) => symbol.kind === kind);
    if (symbols.length === 0) continue;
    const id = title.toLowerCase();
    headings.push({ id, text: title, depth: 2 }, ...symbols.map(({ name }) => ({ id: name, text: name, depth: 3 })));
    html += `<h2 id="${id}">${title} <a class="anchor" href="#${id}" aria-label="Link to “${title}”">#</a></h2>\n`;
    html += symbols.map((symbol) => symbolHtml(symbol, find)).join("");
  }
  return { url: urlOf(entry), html, title: entry.name, headings, sections: sectionsOf(entries, entry) };
}
