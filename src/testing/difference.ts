/** In what two requests differ, for errors. */
import type { RecordedBody, RecordedRequest } from "./recorded.ts";

const SHOWN_MAX = 200;

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Where two values of JSON differ, as lines; `place` is where they stand. */
function valueDifferences(recorded: unknown, asked: unknown, place: string): string[] {
  if (!isObject(recorded) || !isObject(asked) || Array.isArray(recorded) !== Array.isArray(asked)) {
    if (recorded === asked) return [];
    return [`${place}: recorded ${show(recorded)}, asked ${show(asked)}`];
  }
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(asked)])];
  return names.flatMap((name) => valueDifferences(own(recorded, name), own(asked, name), `${place}.${name}`));
}

/** What a name stands for, and not what is inherited. */
function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function bodyValue(body: RecordedBody | undefined): unknown {
  if (body === undefined) return undefined;
  return Object.values(body)[0];
}

/** The parts of a URL that are told of one by one. */
function urlValue(url: string): Readonly<Record<string, unknown>> {
  const { origin, pathname, searchParams } = new URL(url);
  const query = Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
  return { origin, path: pathname, query };
}

/** What of a request is compared. */
function comparedOf(request: RecordedRequest, fields: readonly string[]): Readonly<Record<string, unknown>> {
  const { method, url, headers, body } = request;
  const compared = fields.map((name) => [name, headers[name.toLowerCase()]]);
  return { method, url: urlValue(url), headers: Object.fromEntries(compared), body: bodyValue(body) };
}

/** The differences of two requests, as lines; none where they match. `fields` are those that are compared. */
export function differences(recorded: RecordedRequest, asked: RecordedRequest, fields: readonly string[]): string[] {
  const [one, other] = [comparedOf(recorded, fields), comparedOf(asked, fields)];
  return Object.keys(one).flatMap((part) => valueDifferences(one[part], other[part], part));
}
