// What is around every page of the site.
import { escaped } from "./markdown.mjs";

const LOGO =
  '<svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true"><circle cx="16" cy="16" r="7"/><path d="M16 1v5M16 26v5M1 16h5M26 16h5M5.4 5.4l3.5 3.5M23.1 23.1l3.5 3.5M5.4 26.6l3.5-3.5M23.1 8.900l3.5-3.5"/></svg>';

/** The address of a page as another has it, both from the top of the site. */
const relative = (from, to) => "../".repeat(from.split("/").length - 1) + to;

function linkTo(page, here, text = page.short ?? page.title) {
  const current = page.url === here.url ? ' aria-current="page"' : "";
  return `<a href="${relative(here.url, page.url)}"${current}>${escaped(text)}</a>`;
}

/** Pages in their groups; only the group of the page that is shown is open on a reader's first visit of many. */
function sidebar(groups, here) {
  return groups
    .map(({ title, parts }) => {
      const isHere = parts.some(({ pages }) => pages.some(({ url }) => url === here.url));
      const lists = parts.map(({ title: part, pages }) => {
        const label = part === "" ? "" : `<p>${escaped(part)}</p>`;
        return `${label}<ul>${pages.map((page) => `<li>${linkTo(page, here)}</li>`).join("")}</ul>`;
      });
      const open = isHere || title !== "Reference" ? " open" : "";
      return `<details${open}><summary>${escaped(title)}</summary>${lists.join("")}</details>`;
    })
    .join("\n");
}

function contents({ headings }) {
  const shown = headings.filter(({ depth }) => depth === 2 || depth === 3);
  if (shown.length < 2) return "";
  const items = shown.map(
    ({ id, text, depth }) => `<li class="depth-${depth}"><a href="#${id}">${escaped(text)}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${items.join("\n")}</ul></nav>`;
}

function neighbours(pages, here) {
  const at = pages.findIndex(({ url }) => url === here.url);
  if (at < 0) return "";
  const link = (page, rel, label) =>
    page
      ? `<a rel="${rel}" href="${relative(here.url, page.url)}"><span>${label}</span> ${escaped(page.title)}</a>`
      : "<i></i>";
  return `<nav class="neighbours" aria-label="Neighbouring pages">${link(pages[at - 1], "prev", "Previous")}${link(pages[at + 1], "next", "Next")}</nav>`;
}

/** The whole of a page. `groups` is the sidebar; nothing in it is inline, so the strictest policy lets it work. */
export function layout(page, groups) {
  const base = relative(page.url, "");
  const pages = groups.flatMap(({ parts }) => parts.flatMap((part) => part.pages));
  const title = page.url === "index.html" ? "Pyrois" : `${page.title} – Pyrois`;
  return `<!doctype html>
<html lang="en" data-base="${base}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="${base}icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${base}style.css">
<script src="${base}theme.js"></script>
<script src="${base}site.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>
<button class="menu" type="button" aria-expanded="false" aria-controls="pages">Menu</button>
<a class="brand" href="${base}index.html">${LOGO} Pyrois</a>
<div class="search" role="search">
<input type="search" role="combobox" aria-label="Search" placeholder="Search" autocomplete="off" spellcheck="false" aria-expanded="false" aria-controls="found" aria-autocomplete="list">
<kbd aria-hidden="true">/</kbd>
<ul id="found" role="listbox" aria-label="Found" hidden></ul>
</div>
<button class="theme" type="button" aria-label="Dark or light">◐</button>
</header>
<div class="columns">
<nav id="pages" class="pages" aria-label="Pages">
${sidebar(groups, page)}
</nav>
<main id="main" tabindex="-1">
<article>
${page.html}</article>
${neighbours(pages, page)}
</main>
${contents(page)}
</div>
<p id="said" class="hidden" role="status"></p>
</body>
</html>
`;
}
