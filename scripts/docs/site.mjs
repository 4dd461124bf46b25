// Builds the documentation as a site of files that need no server: from README, docs/ and the package's declarations.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { readEntries } from "./entries.mjs";
import { layout } from "./layout.mjs";
import { codeBlock, escaped, highlighted, renderPage } from "./markdown.mjs";
import { referencePage } from "./reference.mjs";

const ASSETS = path.join(import.meta.dirname, "assets");
/** Where pages are on the site that are elsewhere, or called otherwise, in the repository. */
const PLACES = {
  "README.md": "index.html",
  "CONTRIBUTING.md": "contributing.html",
  "bench/README.md": "benchmarks.html",
  "docs/index.md": "contents.html",
};
/** Larger files that pages link to are named and not shown. */
const MAX_SHOWN = 65_536;
const LANGUAGES = {
  yaml: "yaml",
  ts: "ts",
  mjs: "js",
  js: "js",
  json: "json",
  c: "c",
  cfg: "nginx",
  conf: "nginx",
  service: "ini",
  socket: "ini",
};

/** Where a page of the repository is on the site; undefined where it is no page. */
function placeOf(file) {
  return PLACES[file] ?? /^docs\/([\w-]+)\.md$/.exec(file)?.[1].concat(".html");
}

/** A link from one place of the site to another, both from its top. */
const between = (from, to) => path.posix.relative(path.posix.dirname(from), to);

/** Makes links of a page lead to where things are on the site; tells `show` of files that are no pages. */
function resolver(file, url, show) {
  return (href) => {
    if (/^(?:https?:|mailto:|#)/.test(href)) return href;
    const [target, anchor] = href.split("#");
    const there = path.posix.join(path.posix.dirname(file), target).replace(/\/$/, "");
    const place = placeOf(there) ?? show(there);
    return between(url, place) + (anchor === undefined ? "" : `#${anchor}`);
  };
}

/** The page that shows a file or a folder which pages link to. */
function sourcePage(root, file, url, show) {
  const full = path.join(root, file);
  const page = { url, title: file, headings: [], sections: [] };
  const title = `<h1>${escaped(file)}</h1>\n`;
  if (statSync(full).isDirectory()) {
    const items = readdirSync(full).map((name) => {
      const place = between(url, show(`${file}/${name}`));
      return `<li><a href="${place}"><code>${escaped(name)}</code></a></li>`;
    });
    return { ...page, html: `${title}<ul>${items.join("\n")}</ul>\n` };
  }
  if (statSync(full).size > MAX_SHOWN)
    return { ...page, html: `${title}<p>Too long to be shown: see the repository.</p>\n` };
  const language = LANGUAGES[path.extname(file).slice(1)] ?? path.basename(file).toLowerCase();
  return { ...page, html: title + codeBlock(highlighted(readFileSync(full, "utf8"), language)) };
}

/** Groups of the sidebar, as docs/index.md has them: a group for each `##`, a part of it for each `###`. */
function groupsOf(index, pages, references) {
  const groups = [];
  for (const line of index.split("\n")) {
    const [, marks, heading] = /^(###?) (.*)$/.exec(line) ?? [];
    const [, short, target] = /^- \[([^\]]*)\]\(([^)#]*)\)/.exec(line) ?? [];
    if (marks === "##") groups.push({ title: heading, parts: [{ title: "", pages: [] }] });
    else if (marks === "###") groups.at(-1)?.parts.push({ title: heading, pages: [] });
    const page = target && pages.find(({ file }) => file === path.posix.join("docs", target));
    if (page) groups.at(-1)?.parts.at(-1).pages.push(Object.assign(page, { short }));
  }
  groups.push({ title: "Reference", parts: [{ title: "", pages: references }] });
  for (const group of groups) group.parts = group.parts.filter((part) => part.pages.length > 0);
  return groups;
}

/** What the search of the site looks through, as a script: a page that is opened as a file may not fetch. */
function searchIndex(pages) {
  const records = pages.flatMap(({ url, title, sections }) =>
    sections.map((section) => ({
      url: section.id === "" ? url : `${url}#${section.id}`,
      page: title,
      title: section.title || title,
      text: section.text.replace(/\s+/g, " ").trim(),
    })),
  );
  return `globalThis.pyroisSearch = ${JSON.stringify(records)};\n`;
}

function copyAssets(root, out) {
  for (const name of readdirSync(ASSETS)) copyFileSync(path.join(ASSETS, name), path.join(out, name));
  const minisearch = path.join(root, "node_modules", "minisearch");
  copyFileSync(path.join(minisearch, "dist", "umd", "index.js"), path.join(out, "minisearch.js"));
  copyFileSync(path.join(minisearch, "LICENSE.txt"), path.join(out, "minisearch.LICENSE"));
}

/** Pages of README and docs/, and of whatever files those link to. */
function writtenPages(root) {
  const docs = readdirSync(path.join(root, "docs")).filter((name) => name.endsWith(".md"));
  const files = [...Object.keys(PLACES), ...docs.map((name) => `docs/${name}`)];
  const shown = new Map();
  const show = (file) => {
    if (!existsSync(path.join(root, file))) throw new Error(`${file} is linked to and does not exist`);
    const url = `source/${file}.html`;
    shown.set(file, url);
    return url;
  };
  const pages = [...new Set(files)].map((file) => {
    const url = placeOf(file);
    return { file, url, ...renderPage(readFileSync(path.join(root, file), "utf8"), resolver(file, url, show)) };
  });
  // What is shown may show more: a map is walked to what was added meanwhile.
  const sources = [];
  for (const [file, url] of shown) sources.push(sourcePage(root, file, url, show));
  return { pages, sources };
}

/** Throws an Error where a folder has what no site has. */
function checkFolder(out) {
  const isSite = !existsSync(out) || readdirSync(out).length === 0 || existsSync(path.join(out, "search-index.js"));
  if (!isSite) throw new Error(`${out} has files that are no site: name a folder that is empty, or does not exist`);
}

/**
 * Builds the site of the repository in `root` into the folder `out`, which is made anew; `tell` is called with how many
 * pages there are of how many. Gives the number of pages. Throws an Error for a link to what does not exist, and
 * where the folder has other files.
 */
export async function buildSite({ root, out, tell = () => {} }) {
  checkFolder(out);
  const entries = await readEntries(root);
  const references = entries.map((entry) => referencePage(entries, entry));
  const { pages, sources } = writtenPages(root);
  const groups = groupsOf(readFileSync(path.join(root, "docs", "index.md"), "utf8"), pages, references);
  const all = [...pages, ...references, ...sources];
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  copyAssets(root, out);
  for (const [index, page] of all.entries()) {
    const file = path.join(out, page.url);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, layout(page, groups));
    tell(index + 1, all.length);
  }
  writeFileSync(path.join(out, "search-index.js"), searchIndex(all));
  return all.length;
}
