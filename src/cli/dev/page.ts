/** The page that a port shows while what should serve it is broken. */
import path from "node:path";
import type { Failure } from "./failure.ts";

/** Where the page asks whether it is mended. */
export const MENDED = "/.pyrois/mended";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as it stands in HTML, wherever there. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

const STYLE = `
:root { color-scheme: light dark; --mark: light-dark(#ffe1de, #4d1d1a); --quiet: light-dark(#666, #999); --red: light-dark(#b3261e, #ff8a80); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; color: var(--red); overflow-wrap: anywhere; white-space: pre-wrap; }
pre { font: .9rem/1.5 ui-monospace, monospace; overflow-x: auto; border: 1px solid light-dark(#ddd, #444); border-radius: .4rem; padding: .6rem 0; }
pre span { display: block; padding: 0 .8rem; } pre .wrong { background: var(--mark); }
pre i { display: inline-block; min-width: 3em; font-style: normal; color: var(--quiet); }
details pre { padding: .8rem; } p, summary { color: var(--quiet); }`;

// The stream ends, or fails, when another process answers at this port.
const SCRIPT = `
const mended = new EventSource("${MENDED}");
mended.onmessage = () => location.reload();
mended.onerror = () => setTimeout(() => location.reload(), 1000);`;

function excerpt({ place, source }: Failure): string {
  if (place === null || source.length === 0) return "";
  const lines = source.map(([number, text]) => {
    if (number !== place.line) return `<span><i>${number}</i>${escaped(text)}</span>`;
    const caret = place.column === null ? "" : `<span class="wrong"><i></i>${" ".repeat(place.column - 1)}^</span>`;
    return `<span class="wrong"><i>${number}</i>${escaped(text)}</span>${caret}`;
  });
  return `<pre>${lines.join("")}</pre>`;
}

/** "src/app.ts:3:5"; "" where nothing tells. */
export function placeText({ place }: Failure, from: string = process.cwd()): string {
  if (place === null) return "";
  const column = place.column === null ? "" : `:${place.column}`;
  return `${path.relative(from, place.file) || place.file}:${place.line}${column}`;
}

/** The page, and the policy that it is sent with. */
export function errorPage(failure: Failure): { readonly html: string; readonly policy: string } {
  const nonce = crypto.randomUUID();
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(failure.message)}</title>
<style nonce="${nonce}">${STYLE}</style>
<h1>${escaped(failure.message)}</h1>
<p>${escaped(placeText(failure))}
${excerpt(failure)}
<details><summary>All that was said</summary><pre>${escaped(failure.details)}</pre></details>
<p>This page goes when the error does.
<script nonce="${nonce}">${SCRIPT}</script>
</html>
`;
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'`;
  return { html, policy };
}
