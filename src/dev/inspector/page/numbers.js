/** How the process and the routes do. */
import { byId, duration, make, size } from "./dom.js";

/** Numbers of a line, one for each second. */
const POINTS = 60;
const SVG = "http://www.w3.org/2000/svg";
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** A number with a line of what it was lately; `top` is what the line's top means at least. */
class Tile {
  #points = [];
  #line = document.createElementNS(SVG, "polyline");
  #value = make("strong");
  #note = make("span", { class: "quiet" });
  #top;
  element;

  constructor(title, top) {
    this.#top = top;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${POINTS - 1} 20`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.append(this.#line);
    this.element = make("div", { class: "tile" }, make("h3", {}, title), this.#value, this.#note, svg);
  }

  show(number, text, note) {
    this.#value.textContent = text;
    this.#note.textContent = note;
    this.#points = [...this.#points, number].slice(-POINTS);
    const top = Math.max(this.#top, ...this.#points);
    const at = (value, index) => `${POINTS - this.#points.length + index},${(20 - (19 * value) / top).toFixed(2)}`;
    this.#line.setAttribute("points", this.#points.map(at).join(" "));
  }
}

const TILES = {
  delay: new Tile("Event loop delay, p99", 10),
  busy: new Tile("Event loop busy", 1),
  cpu: new Tile("Processor", 1),
  heap: new Tile("Heap", 1),
};
byId("process").append(...Object.values(TILES).map(({ element }) => element));

function routeRow({ method, route, count, errors, p50, p90, p99, max }) {
  const cell = (text, bad = false) => make("td", { class: bad ? "number bad" : "number" }, text);
  return make(
    "tr",
    {},
    make("th", { scope: "row", class: "target" }, make("span", { class: "method" }, method), " ", route),
    cell(String(count)),
    cell(String(errors), errors > 0),
    ...[p50, p90, p99, max].map((value) => cell(duration(value))),
  );
}

/** Shows the numbers of a second. */
export function showNumbers({ process, routes }) {
  const { delay, busy, cpu, heapUsed, heapTotal, resident, uptime } = process;
  const { min, mean, p99, max } = delay;
  TILES.delay.show(p99, duration(p99), `min ${duration(min)}, mean ${duration(mean)}, max ${duration(max)}`);
  TILES.busy.show(busy, percent(busy), "of the last second");
  TILES.cpu.show(cpu, percent(cpu), `up ${Math.floor(uptime / 60)} min`);
  TILES.heap.show(heapUsed / 1_048_576, size(heapUsed), `of ${size(heapTotal)}, ${size(resident)} resident`);
  byId("routes").replaceChildren(...routes.map(routeRow));
}
