/** One entry with all that is known of it. */
import { bytesOf, contentView, headView } from "./content.js";
import { curlOf } from "./curl.js";
import { byId, duration, make, pairs, size } from "./dom.js";

const time = (at) => new Date(at).toISOString();

/** A part with a heading; nothing where it has nothing in it. */
function part(title, ...children) {
  const content = children.filter((child) => child !== null);
  return content.length === 0 ? null : make("section", {}, make("h3", {}, title), ...content);
}

const table = (caption, fields) => (fields.length === 0 ? null : pairs(caption, fields));

function logTable(logs, lost) {
  if (logs.length === 0) return null;
  const rows = logs.map(({ after, level, text }) =>
    make(
      "tr",
      { "data-level": level },
      make("td", { class: "number" }, `+${duration(after)}`),
      make("td", {}, level),
      make("td", { class: "text" }, text),
    ),
  );
  const head = ["After", "Level", "Line"].map((name) => make("th", { scope: "col" }, name));
  return make(
    "div",
    {},
    make(
      "table",
      { class: "logs" },
      make("caption", { class: "unseen" }, "Log"),
      make("thead", { class: "unseen" }, make("tr", {}, ...head)),
      make("tbody", {}, ...rows),
    ),
    lost > 0 ? make("p", { class: "quiet" }, `${lost} more were not kept`) : null,
  );
}

/** What Server-Timing says: a metric, and its parameters dur and desc (W3C Server Timing §2). */
export function serverTimings(fields) {
  const values = fields.filter(([name]) => /^server-timing$/i.test(name)).map(([, value]) => value);
  const metrics = values.join(",").match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return metrics.map((metric) => {
    const [name] = metric.trim().split(";");
    const [, milliseconds] = /;\s*dur=([\d.]+)/i.exec(metric) ?? [];
    const [, quoted, token] = /;\s*desc=(?:"((?:[^"\\]|\\.)*)"|([^;,\s]+))/i.exec(metric) ?? [];
    return { name, took: Number(milliseconds ?? 0), text: (quoted ?? token ?? "").replace(/\\(.)/g, "$1") };
  });
}

function timingTable({ answeredAfter, duration: whole, over, response }) {
  const own = [
    ...(answeredAfter === null ? [] : [{ name: "response", took: answeredAfter, text: "until the handler gave it" }]),
    ...(over ? [{ name: "all", took: whole, text: "until the last byte was handed over" }] : []),
  ];
  const all = [...own, ...serverTimings(response?.fields ?? [])];
  if (all.length === 0) return null;
  const longest = Math.max(...all.map(({ took }) => took), 0.001);
  const rows = all.map(({ name, took, text }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, name),
      make("td", { class: "number" }, duration(took)),
      make("td", {}, make("meter", { value: took, max: longest, "aria-label": `${name} ${duration(took)}` })),
      make("td", { class: "quiet" }, text),
    ),
  );
  return make("table", { class: "timing" }, make("caption", { class: "unseen" }, "Timing"), make("tbody", {}, ...rows));
}

function around(details) {
  if (details.surroundings.length === 0) return null;
  const items = details.surroundings.map(({ kind, name }) =>
    make("li", {}, make("code", {}, name), make("span", { class: "quiet" }, ` ${kind}`)),
  );
  return make("div", {}, make("h4", {}, "Around it, from the outside"), make("ol", {}, ...items));
}

const routeOf = ({ route, handler }) =>
  route === null ? "none" : `${handler.method} ${route}${handler.name === null ? "" : ` (${handler.name})`}`;

/** The command for curl, or why there is none. */
function command(details) {
  if (!details.request.whole) return { reason: "its content was larger than what is kept" };
  const text = curlOf(bytesOf(details.head), bytesOf(details.request.bytes), location.origin);
  return text === null ? { reason: "curl makes tunnels in its own way" } : { text };
}

async function copy(text, field, say) {
  try {
    await navigator.clipboard.writeText(text);
    say("copied");
  } catch {
    field.focus();
    field.select();
    say("press Ctrl+C to copy");
  }
}

function actions(details, close, replay) {
  const { text, reason } = command(details);
  const said = make("span", { role: "status", class: "quiet" });
  const say = (words) => {
    said.textContent = words;
  };
  const field = make("textarea", {
    id: "curl",
    readonly: true,
    rows: 3,
    "aria-label": "Command for curl",
    spellcheck: "false",
  });
  field.value = text ?? `# ${reason}`;
  const curl = { type: "button", id: "copy", disabled: text === undefined, click: () => copy(text, field, say) };
  const again = { type: "button", id: "replay", click: async () => say(await replay(details.id)) };
  return make(
    "div",
    { class: "actions" },
    make(
      "div",
      { class: "tools" },
      make("button", again, "Replay"),
      make("button", curl, "Copy as curl"),
      close(),
      said,
    ),
    field,
    details.masked
      ? make("p", { class: "quiet" }, "Secrets are masked, in the command too; showSecrets shows them.")
      : null,
  );
}

const closeButton = (close) => make("button", { type: "button", id: "close", click: close }, "Close");

/** Shows an exchange. */
export function showExchange(details, close, replay) {
  const { method, target, status, over } = details;
  const state = status === 0 ? (over ? "client gone" : "at work") : String(status);
  const errors = details.errors.map((error) => make("pre", { class: "bad", tabindex: 0 }, error));
  if (details.lostErrors > 0) errors.push(make("p", { class: "quiet" }, `${details.lostErrors} more were not kept`));
  const trailers = table("Trailers", details.trailers);
  show(
    make("h2", {}, make("span", { class: "method" }, method), " ", target),
    actions(details, () => closeButton(close), replay),
    pairs("Overview", [
      ["Status", state],
      ["Route", routeOf(details)],
      ["Began", time(details.at)],
      ["Client", details.client],
      ["Content", `${size(details.received)} in, ${size(details.sent)} out`],
    ]),
    part("Errors", ...errors),
    part("Timing", timingTable(details)),
    part("Log", logTable(details.logs, details.lostLogs)),
    part("Route", table("Parameters", details.params), around(details)),
    part(
      "Request",
      make("h4", {}, "Head"),
      headView("Request head", details.head),
      table("Request fields", details.fields),
    ),
    part("Request content", contentView("Request content", details.request), trailers),
    details.response &&
      part(
        "Response",
        make("p", {}, `${details.response.status}, with what the application has set:`),
        table("Response fields", details.response.fields),
      ),
    part("Response content", contentView("Response content", details.content)),
  );
}

/** Shows what was no request. */
export function showParseError(entry, close) {
  show(
    make("h2", {}, make("span", { class: "method" }, "parse error"), " ", entry.name),
    make("div", { class: "tools" }, closeButton(close)),
    pairs("Overview", [
      ["Status", String(entry.status)],
      ["What", entry.message],
      ["Rule", entry.section],
      ["Offset", `byte ${entry.offset}`],
      ["Began", time(entry.at)],
      ["Client", entry.client],
    ]),
    part("Bytes around it", make("pre", { tabindex: 0 }, entry.quoted)),
  );
}

function show(...children) {
  const place = byId("details");
  place.replaceChildren(...children.filter((child) => child !== null));
  place.hidden = false;
}
