/** Elements, made of text that is never taken for HTML. */

/**
 * An element with attributes and children: elements, or what is shown as text. An attribute of false or null is left out,
 * one of a function is a listener.
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The element of an id. */
export const byId = (id) => document.getElementById(id);

/** Milliseconds for people. */
export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds >= 100 ? 0 : milliseconds >= 10 ? 1 : 2)} ms`;
}

/** Bytes for people. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB"];
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; ++unit) value /= 1024;
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** A table of names and values, with a caption that is read out alone. */
export function pairs(caption, entries) {
  const rows = entries.map(([name, value]) =>
    make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value)),
  );
  return make("table", { class: "pairs" }, make("caption", { class: "unseen" }, caption), make("tbody", {}, ...rows));
}
