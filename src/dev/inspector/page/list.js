/** The list of exchanges. */
import { byId, duration, make, size } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

const statusClass = ({ over, status, kind }) =>
  kind === "parse error" ? "parse" : status === 0 ? (over ? "0" : "open") : String(Math.floor(status / 100));

const statusText = ({ over, status }) => (status === 0 ? (over ? "gone" : "…") : String(status));

/** What is searched. */
const searched = (entry) =>
  (entry.kind === "parse error"
    ? [entry.name, entry.message, entry.status]
    : [entry.method, entry.target, entry.route, statusText(entry), entry.failed ? "error" : ""]
  )
    .join(" ")
    .toLowerCase();

export class List {
  /** Entries by id, and their rows. */
  entries = new Map();
  #rows = new Map();
  #body = byId("rows");
  #methods = new Set();
  #max = Number.POSITIVE_INFINITY;
  #selected = null;
  #open;

  /** `open` is called with the entry that somebody wants to see. */
  constructor(open) {
    this.#open = open;
    for (const id of ["search", "method", "status"]) byId(id).addEventListener("input", () => this.filter());
  }

  /** Shows these entries, and no more than `max` from now on. */
  replace(entries, max) {
    this.#max = max;
    const kept = new Set(entries.map(({ id }) => id));
    for (const id of this.entries.keys()) if (!kept.has(id)) this.#remove(id);
    this.add(entries);
  }

  /** Adds entries, or what has become of them. */
  add(entries) {
    for (const entry of entries) {
      const known = this.entries.get(entry.id);
      if (known !== undefined && known.revision > entry.revision) continue;
      this.#put(entry);
    }
    const ids = [...this.entries.keys()].sort((a, b) => a - b);
    for (const id of ids.slice(0, Math.max(0, ids.length - this.#max))) this.#remove(id);
    this.#tellEmpty();
  }

  /** Forgets what is no newer than a revision. */
  clear(revision) {
    for (const [id, entry] of this.entries) if (entry.revision <= revision) this.#remove(id);
    this.#tellEmpty();
  }

  #remove(id) {
    this.entries.delete(id);
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
  }

  #put(entry) {
    const old = this.#rows.get(entry.id);
    const focused = old?.contains(document.activeElement);
    const row = this.#row(entry);
    this.entries.set(entry.id, entry);
    this.#rows.set(entry.id, row);
    if (old) old.replaceWith(row);
    else this.#insert(entry.id, row);
    if (focused) row.querySelector("button").focus();
    row.hidden = !this.#matches(entry);
    if (entry.kind === "exchange" && !this.#methods.has(entry.method)) {
      this.#methods.add(entry.method);
      byId("method").append(make("option", { value: entry.method }, entry.method));
    }
  }

  /** The newest first; mostly it is the newest that comes. */
  #insert(id, row) {
    for (const other of this.#body.rows) {
      if (Number(other.dataset.id) < id) {
        other.before(row);
        return;
      }
    }
    this.#body.append(row);
  }

  #row(entry) {
    const parse = entry.kind === "parse error";
    const target = parse ? entry.name : entry.target;
    const badges = [
      parse ? make("span", { class: "badge bad" }, "parse error") : null,
      !parse && entry.replayOf !== null ? make("span", { class: "badge" }, `replay of ${entry.replayOf}`) : null,
      !parse && entry.failed ? make("span", { class: "badge bad" }, "error") : null,
    ];
    const open = make("button", { type: "button", class: "open", click: () => this.#open(entry.id) }, target);
    return make(
      "tr",
      {
        "data-id": entry.id,
        "data-status": statusClass(entry),
        "aria-current": entry.id === this.#selected && "true",
        // The button is for the keyboard; a pointer may hit anywhere.
        click: (event) => event.target === open || this.#open(entry.id),
      },
      make("td", { class: "time" }, clock.format(entry.at)),
      make("td", { class: "method" }, parse ? "" : entry.method),
      make("th", { scope: "row", class: "target" }, open, ...badges),
      make("td", { class: "number status" }, statusText(parse ? { ...entry, over: true } : entry)),
      make("td", { class: "number" }, parse || !entry.over ? "" : duration(entry.duration)),
      make("td", { class: "number bytes" }, parse ? "" : size(entry.sent)),
    );
  }

  #matches(entry) {
    const status = byId("status").value;
    if (status !== "" && statusClass(entry) !== status) return false;
    const method = byId("method").value;
    if (method !== "" && entry.method !== method) return false;
    const words = byId("search").value.toLowerCase().split(/\s+/);
    const text = searched(entry);
    return words.every((word) => text.includes(word));
  }

  /** Shows what the filters let through. */
  filter() {
    for (const [id, row] of this.#rows) row.hidden = !this.#matches(this.entries.get(id));
    this.#tellEmpty();
  }

  #tellEmpty() {
    const shown = [...this.#rows.values()].some((row) => !row.hidden);
    byId("empty").hidden = shown;
    if (!shown) {
      byId("empty").textContent =
        this.#rows.size > 0
          ? "Nothing of what is kept matches."
          : "Nothing yet. What is asked of the application shows up here.";
    }
  }

  /** Marks the entry that is shown; null for none. */
  select(id) {
    this.#rows.get(this.#selected)?.removeAttribute("aria-current");
    this.#selected = id;
    this.#rows.get(id)?.setAttribute("aria-current", "true");
  }

  /** Moves the focus by so many rows, beginning at the row that has it, or is shown. */
  move(step) {
    const rows = [...this.#body.rows].filter((row) => !row.hidden);
    if (rows.length === 0) return;
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const from = at >= 0 ? at : rows.findIndex((row) => row.getAttribute("aria-current"));
    const next = from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + step));
    rows[next].querySelector("button").focus();
  }

  /** Gives the focus back to the row of an entry. */
  focus(id) {
    this.#rows.get(id)?.querySelector("button").focus();
  }
}
