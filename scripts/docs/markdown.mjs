// Makes HTML of the pages' Markdown, and of code.
import hljs from "highlight.js/lib/common";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import nginx from "highlight.js/lib/languages/nginx";
import { Marked } from "marked";

hljs.registerLanguage("dockerfile", dockerfile);
hljs.registerLanguage("nginx", nginx);

/** Text as it stands in HTML, in attributes too. */
export const escaped = (text) =>
  text.replace(/[&<>"]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[character]);

/** What a heading is linked by, as GitHub makes it of its text; tests/package/docs.test.ts knows it, too. */
export const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** Code as HTML, coloured where its language is known. */
export function highlighted(code, language) {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escaped(code);
}

/** A block of code, with the name of the file that it is of, where it has one. */
export function codeBlock(html, caption = "") {
  const title = caption === "" ? "" : `<figcaption>${escaped(caption)}</figcaption>`;
  return `<figure class="code">${title}<pre tabindex="0"><code>${html}</code></pre></figure>\n`;
}

const withoutMarkup = (html) =>
  html
    .replace(/<[^>]*>/g, "")
    .replace(/&(lt|gt|quot|amp|#39);/g, (_, name) => ({ lt: "<", gt: ">", quot: '"', amp: "&", "#39": "'" })[name]);

/** How parts of a page become HTML; what is found on the way is added to `headings` and `sections`. */
function rendererOf(resolve, headings, sections) {
  const say = (text) => {
    sections.at(-1).text += ` ${text}`;
  };
  return {
    heading({ tokens, depth }) {
      const html = this.parser.parseInline(tokens);
      const text = withoutMarkup(html);
      const same = headings.filter((each) => anchorOf(each.text) === anchorOf(text)).length;
      const id = same === 0 ? anchorOf(text) : `${anchorOf(text)}-${same}`;
      headings.push({ id, text, depth });
      sections.push({ id: depth === 1 ? "" : id, title: text, text: "" });
      if (depth === 1) return `<h1 id="${id}">${html}</h1>\n`;
      return `<h${depth} id="${id}">${html} <a class="anchor" href="#${id}" aria-label="Link to “${escaped(text)}”">#</a></h${depth}>\n`;
    },
    code({ text, lang = "" }) {
      const [language, caption] = lang.split(" ");
      say(text);
      return codeBlock(highlighted(text, language), caption);
    },
    paragraph({ tokens }) {
      const html = this.parser.parseInline(tokens);
      say(withoutMarkup(html));
      return `<p>${html}</p>\n`;
    },
    text(token) {
      if (!token.tokens) return token.text;
      const html = this.parser.parseInline(token.tokens);
      say(withoutMarkup(html));
      return html;
    },
    tablecell(token) {
      const html = this.parser.parseInline(token.tokens);
      say(withoutMarkup(html));
      const tag = token.header ? 'th scope="col"' : "td";
      return `<${tag}${token.align ? ` class="${token.align}"` : ""}>${html}</${tag.slice(0, 2)}>\n`;
    },
    link({ href, tokens }) {
      return `<a href="${escaped(resolve(href))}">${this.parser.parseInline(tokens)}</a>`;
    },
  };
}

/**
 * Makes HTML of a page: `{ html, title, headings, sections }`, sections for what is searched. `resolve` is given what a
 * link leads to and gives where it leads on the site.
 */
export function renderPage(markdown, resolve) {
  const headings = [];
  const sections = [{ id: "", title: "", text: "" }];
  const marked = new Marked({ renderer: rendererOf(resolve, headings, sections) });
  const html = marked
    .parse(markdown)
    .replaceAll("<table>", '<div class="table" tabindex="0"><table>')
    .replaceAll("</table>", "</table></div>");
  return { html, title: headings[0]?.text ?? "", headings, sections: sections.filter(({ text }) => text !== "") };
}

/** Makes HTML of a docstring. */
export const renderDoc = (doc) => renderPage(doc, (href) => href).html;
