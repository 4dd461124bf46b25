// Makes a module small without taking from errors what they tell.
import { init, parse } from "es-module-lexer";
import { transform } from "esbuild";

const squeezed = (link) => link.replace(/\s+/g, " ").replace(/ ?([{},;"]) ?/g, "$1");

/** Where the imports and exports of a module stand as esbuild writes them: its exports are one list. */
function linksOf(text) {
  const [imports, exports] = parse(text);
  const links = imports.filter(({ d }) => d === -1).map(({ ss, se }) => [ss, text.indexOf(";", se) + 1]);
  if (exports.length === 0) return links;
  const start = text.lastIndexOf("export {", exports[0].s);
  const end = text.indexOf(";", exports.at(-1).e) + 1;
  if (start < 0 || end === 0) throw new Error("the exports of a module are not one list");
  return [...links.filter(([from]) => from < start), [start, end]];
}

/**
 * The text of a module with short names for what is local to functions, and for `#private` ones. Functions and classes
 * keep theirs, which stacks show: what links the module to others is left out of what esbuild sees, for it takes the
 * names at the top of what is no module for those that others may use.
 */
export async function minified(text) {
  await init;
  const [, hashbang, module] = /^(#!.*\n)?([\s\S]*)$/.exec(text);
  let links = "";
  let body = "";
  let at = 0;
  for (const [start, end] of linksOf(module)) {
    links += squeezed(module.slice(start, end));
    body += module.slice(at, start);
    at = end;
  }
  const { code } = await transform(body + module.slice(at), { minify: true, target: "es2022" });
  return `${hashbang ?? ""}${links}${code}`;
}
