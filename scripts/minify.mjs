// Makes a module small without taking from errors what they tell.
import { transform } from "esbuild";

/** Imports and exports as esbuild writes them: at the beginning of a line, the names one to a line. */
const LINKS = /^(?:import (?:[^;"]*? from )?"[^"]*"|export \{[^}]*\}(?: from "[^"]*")?);$/gm;

const squeezed = (link) => link.replace(/\s+/g, " ").replace(/ ?([{},;"]) ?/g, "$1");

/**
 * The text of a module with short names for what is local to functions, and for `#private` ones. Functions and classes
 * keep theirs, which stacks show: what links the module to others is left out of what esbuild sees, for it takes the
 * names at the top of what is no module for those that others may use.
 */
export async function minified(text) {
  const links = [];
  const body = text.replace(LINKS, (link) => {
    links.push(squeezed(link));
    return "";
  });
  const { code } = await transform(body, { minify: true, target: "es2022" });
  // What was overlooked would have been renamed, and found by none.
  if (/(?:^|[;}\n])(?:import\b(?!\s*[(.])|export\b)\s*[{*"\w]/.test(code)) throw new Error("a link was not understood");
  return `${links.join("")}${code}`;
}
