// Makes the pages of the reference: one for each entry of the package, of its declarations.
import { tokensOf } from "./declarations.mjs";
import { codeBlock, escaped, renderDoc } from "./markdown.mjs";

const KINDS = [
  ["function", "Functions"],
  ["class", "Classes"],
  ["interface", "Interfaces"],
  ["type", "Types"],
  ["constant", "Constants"],
  ["foreign", "From elsewhere"],
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
function signatureHtml(signature, types, find) {
  const text = broken(signature);
  let html = "";
  let last = 0;
  let before = "";
  for (const { text: part, start, end, isDoc } of tokensOf(text)) {
    html += escaped(text.slice(last, start));
    const after = text.slice(end).trimStart()[0] ?? "";
    const isType = /^[A-Z]/.test(part) && before !== "." && !(after === ":" && before !== "?");
    const href = isType ? find(types.get(part)) : undefined;
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

const signatures = ({ texts, types }, find) =>
  `<pre class="signature" tabindex="0"><code>${texts.map((text) => signatureHtml(text, types, find)).join("\n")}</code></pre>\n`;

function memberHtml(symbol, member, find) {
  const id = `${symbol.id}.${member.isStatic ? "static." : ""}${member.name}`;
  const doc = member.doc === "" ? "" : renderDoc(member.doc);
  return `<section class="member" id="${escaped(id)}">
<h4>${escaped(member.name)} <a class="anchor" href="#${escaped(id)}" aria-label="Link to “${escaped(id)}”">#</a></h4>
${signatures(member, find)}${doc}</section>\n`;
}

function symbolHtml(symbol, find) {
  const { id, name, key, doc, value, members } = symbol;
  const findOther = (other) => (other === key ? undefined : find(other));
  const shown = value === undefined ? "" : codeBlock(escaped(value), "value");
  return `<section class="symbol" id="${id}">
<h3>${name} <a class="anchor" href="#${id}" aria-label="Link to “${name}”">#</a></h3>
${signatures(symbol, findOther)}${renderDoc(doc)}${shown}${members.map((member) => memberHtml(symbol, member, find)).join("")}</section>\n`;
}

/** Symbols of an entry with what they are linked by: a type that is not exported may have the name of another. */
const placed = ({ symbols, hidden }) => [
  ...symbols.map((symbol) => ({ ...symbol, id: symbol.name })),
  ...hidden.map((symbol, index) => ({ ...symbol, id: `hidden-${index + 1}.${symbol.name}` })),
];

/** Gives what finds where a type is told by its key: on the same page where it is there, else on the first that has it. */
function finder(entries, entry) {
  const places = new Map(placed(entry).map(({ key, id }) => [key, `#${id}`]));
  for (const other of entries)
    for (const { key, name } of other.symbols)
      if (!places.has(key)) places.set(key, `${urlOf(other).replace("reference/", "")}#${name}`);
  return (key) => places.get(key);
}

/** What is searched of an entry: what no entry before it has. */
function sectionsOf(entries, entry) {
  const earlier = entries.slice(0, entries.indexOf(entry));
  const isKnown = ({ key }) => earlier.some(({ symbols }) => symbols.some((symbol) => symbol.key === key));
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
  const all = placed(entry);
  const groups = KINDS.map(([kind, title]) => [
    title,
    all.filter((each) => each.kind === kind && each.id === each.name),
  ]);
  groups.push(["Not exported", all.filter(({ id, name }) => id !== name)]);
  for (const [title, symbols] of groups) {
    if (symbols.length === 0) continue;
    const id = title.toLowerCase().replace(" ", "-");
    headings.push(
      { id, text: title, depth: 2 },
      ...symbols.map((each) => ({ id: each.id, text: each.name, depth: 3 })),
    );
    html += `<h2 id="${id}">${title} <a class="anchor" href="#${id}" aria-label="Link to “${title}”">#</a></h2>\n`;
    if (title === "Not exported") html += "<p>What the signatures above name, and nothing can import.</p>\n";
    html += symbols.map((symbol) => symbolHtml(symbol, find)).join("");
  }
  return { url: urlOf(entry), html, title: entry.name, headings, sections: sectionsOf(entries, entry) };
}
