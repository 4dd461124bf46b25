/** A Request of fetch as a head in bytes: made only where somebody wants those. */
import * as abi from "../../parser/abi.ts";
import { fieldId } from "../../parser/fields.ts";
import { methodId } from "../../parser/index.ts";
import { type HeadSource, ownedSource, type Tables } from "../../parser/source.ts";

/** What a URL says of a target. */
export interface Place {
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** The parts of a URL as its class writes them: there is a path, and perhaps a fragment, which is not sent. */
export function placeOf(url: string): Place {
  const start = url.indexOf("://") + 3;
  const slash = url.indexOf("/", start);
  const fragment = url.indexOf("#", slash);
  const end = fragment < 0 ? url.length : fragment;
  const mark = url.indexOf("?", slash);
  const pathEnd = mark < 0 || mark > end ? end : mark;
  return { authority: url.slice(start, slash), path: url.slice(slash, pathEnd), query: url.slice(pathEnd + 1, end) };
}

export function targetOf({ path, query }: Place): string {
  return query === "" ? path : `${path}?${query}`;
}

/** How the content is framed. That of GET and HEAD is not looked for: fetch knows none. */
export function framingOf(request: Request): number {
  const { method } = request;
  if (method === "GET" || method === "HEAD" || request.body === null) return abi.FRAMING_NONE;
  return request.headers.has("content-length") ? abi.FRAMING_LENGTH : abi.FRAMING_CHUNKED;
}

/** Bytes of content that are announced; 0 where none are. */
export function lengthOf({ headers }: Request): number {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) ? Number(length) : 0;
}

/** The fields, with the Host that is left out where a Request was made and not received. */
function linesOf(headers: Headers, { authority }: Place): [string, string][] {
  const lines = [...headers];
  return headers.has("host") ? lines : [["host", authority], ...lines];
}

function flagsOf({ headers }: Request, { path }: Place): number {
  let flags = abi.FLAG_KEEP_ALIVE;
  if (headers.has("upgrade")) flags |= abi.FLAG_UPGRADE;
  if (path.includes("%")) flags |= abi.FLAG_ESCAPES;
  return flags;
}

/** The head as it would have come over HTTP/1.1, and where what stands in it. */
function sourceOf(request: Request): HeadSource {
  const { method } = request;
  const place = placeOf(request.url);
  const target = targetOf(place);
  let text = `${method} ${target} HTTP/1.1\r\n`;
  const fields = linesOf(request.headers, place).map(([name, value]): Tables["fields"][number] => {
    const start = text.length;
    text += `${name}: ${value}\r\n`;
    return [fieldId(name), start, name.length, start + name.length + 2, value.length];
  });
  const start = method.length + 1;
  const length = lengthOf(request);
  const record = new Map([
    [abi.METHOD_ID, methodId(method)],
    [abi.METHOD_LENGTH, method.length],
    [abi.TARGET_OFFSET, start],
    [abi.TARGET_LENGTH, target.length],
    [abi.TARGET_FORM, abi.FORM_ORIGIN],
    [abi.PATH_OFFSET, start],
    [abi.PATH_LENGTH, place.path.length],
    [abi.QUERY_OFFSET, start + place.path.length + 1],
    [abi.QUERY_LENGTH, place.query.length],
    [abi.MINOR_VERSION, 1],
    [abi.FLAGS, flagsOf(request, place)],
    [abi.FRAMING, framingOf(request)],
    [abi.CONTENT_LENGTH_LOW, length % 0x1_0000_0000],
    [abi.CONTENT_LENGTH_HIGH, Math.floor(length / 0x1_0000_0000)],
    [abi.FIELD_COUNT, fields.length],
  ]);
  return ownedSource(`${text}\r\n`, { record, fields });
}

/** Gives what a head in bytes has, which is made when the first of it is asked for. */
export class FetchSource implements HeadSource {
  readonly borrowed = false;
  readonly #request: Request;
  #made: HeadSource | null = null;

  constructor(request: Request) {
    this.#request = request;
  }

  own(): HeadSource {
    this.#made ??= sourceOf(this.#request);
    return this.#made;
  }

  get text(): string {
    return this.own().text;
  }

  record(entry: number): number {
    return this.own().record(entry);
  }

  fieldId(index: number): number {
    return this.own().fieldId(index);
  }

  firstOf(id: number): number {
    return this.own().firstOf(id);
  }

  fieldSpan(index: number, column: number): number {
    return this.own().fieldSpan(index, column);
  }

  slice(offset: number, length: number): string {
    return this.own().slice(offset, length);
  }

  recall(offset: number, length: number): string {
    return this.own().recall(offset, length);
  }
}
