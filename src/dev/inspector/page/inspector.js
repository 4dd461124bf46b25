/** The page: what comes from the server, and what keys and buttons do. */
import { showExchange, showParseError } from "./details.js";
import { byId } from "./dom.js";
import { List } from "./list.js";
import { showNumbers } from "./numbers.js";

const list = new List(open);
let shown = null;
let paused = false;

function say(state) {
  byId("state").textContent = paused ? "paused" : state;
}

/** All that is kept, whatever was missed while there was no connection. */
async function load() {
  const response = await fetch("exchanges");
  if (!response.ok) return;
  const { entries, maxExchanges } = await response.json();
  list.replace(entries, maxExchanges);
  byId("list").dataset.loaded = "true";
}

async function show(id) {
  const entry = list.entries.get(id);
  if (entry?.kind === "parse error") {
    showParseError(entry, close);
    return true;
  }
  const response = await fetch(`exchanges/${id}`);
  if (!response.ok) return false;
  const details = await response.json();
  // Another may have been opened meanwhile.
  if (shown === id) showExchange(details, close, replay);
  return true;
}

async function open(id) {
  shown = id;
  list.select(id);
  const found = await show(id);
  if (shown !== id) return;
  if (!found) {
    close();
    say("that one is not kept any more");
    return;
  }
  document.body.classList.add("opened");
  byId("details").scrollTop = 0;
  byId("details").focus();
}

function close() {
  const id = shown;
  shown = null;
  document.body.classList.remove("opened");
  byId("details").hidden = true;
  byId("details").replaceChildren();
  list.select(null);
  if (id !== null) list.focus(id);
}

/** Has a request sent again, and gives what to say of it; the exchange that it makes is shown when it comes. */
let awaited = null;
async function replay(id) {
  awaited = id;
  const response = await fetch(`exchanges/${id}/replay`, { method: "POST" });
  if (response.ok) return "sent again";
  awaited = null;
  return (await response.text()).trim();
}

function take(entries) {
  list.add(entries);
  const again = entries.find(({ replayOf }) => replayOf !== undefined && replayOf !== null && replayOf === awaited);
  if (again) {
    awaited = null;
    open(again.id);
  } else if (entries.some(({ id }) => id === shown)) show(shown);
}

// It comes again by itself when the connection is lost.
const events = new EventSource("events");
events.addEventListener("open", () => {
  say("live");
  if (!paused) load();
});
events.addEventListener("error", () => say("not connected"));
events.addEventListener("entries", ({ data }) => {
  if (!paused) take(JSON.parse(data));
});
events.addEventListener("cleared", ({ data }) => list.clear(JSON.parse(data).revision));
events.addEventListener("numbers", ({ data }) => {
  if (!paused) showNumbers(JSON.parse(data));
});

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  say(events.readyState === EventSource.OPEN ? "live" : "not connected");
  if (!paused) load();
});
byId("clear").addEventListener("click", () => {
  close();
  fetch("clear", { method: "POST" });
});

const views = [...document.querySelectorAll("[data-view]")];
for (const button of views) {
  button.addEventListener("click", () => {
    for (const other of views) {
      other.setAttribute("aria-pressed", String(other === button));
      byId(`${other.dataset.view}-view`).hidden = other !== button;
    }
  });
}

const KEYS = {
  j: () => list.move(1),
  k: () => list.move(-1),
  ArrowDown: () => list.move(1),
  ArrowUp: () => list.move(-1),
  "/": () => byId("search").focus(),
};

/** Whether a key is for where the focus is: a text that is written, or one that is scrolled. */
const isTaken = (target, key) =>
  target.closest("input, select, textarea") !== null ||
  (key.startsWith("Arrow") && target.closest("#details") !== null);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (event.target === byId("search")) {
      byId("search").value = "";
      list.filter();
      byId("search").blur();
    } else if (shown !== null) close();
    return;
  }
  const act = KEYS[event.key];
  if (act === undefined || isTaken(event.target, event.key) || byId("exchanges-view").hidden) return;
  event.preventDefault();
  act();
});
