/**
 * What a request for a file is answered with, but for its content: the work of `@fastify/send`. It is always asked as by
 * HEAD: content is read elsewhere, for the library opens a file though nobody may read it.
 */
import type { Stats } from "node:fs";
import { HttpError, type HttpRequest, PreconditionFailedError } from "../../http/index.ts";
import type { HeaderFields } from "../../parser/index.ts";
import { isSame, lastModified } from "./content.ts";
import { readableRange } from "./ranges.ts";

type Send = typeof import("@fastify/send");

/** A file as it was found, and what its answer says. */
export interface Answered {
  readonly status: number;
  /** Content-Length, validators and ranges; of a 304 what it may say. */
  readonly fields: Readonly<Record<string, string | number>>;
  readonly stat: Stats;
}

/** Fields that have an answer depend on more than the file. */
const CONDITIONS = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since", "range", "if-range"];

/** What the library would do beyond what it is here for is switched off. */
const OPTIONS = { dotfiles: "allow", index: false, contentType: false, cacheControl: false } as const;

let loading: Promise<Send> | null = null;

/** Loaded only where files are served. */
export function loadLibrary(): Promise<Send> {
  loading ??= import("@fastify/send").then((module) => module.default);
  return loading;
}

/** Whether the answer depends on the file alone. */
export function isPlain({ headers }: HttpRequest): boolean {
  for (const name of CONDITIONS) if (headers.has(name)) return false;
  return true;
}

/** The plain answer to whoever wants a file; null for a folder. Rejects with the error of the system. */
export function describe(path: string): Promise<Answered | null> {
  return ask(path, {});
}

/**
 * The answer to a request for a file, null where that is a folder now. Rejects with an HttpError 412 where a condition is
 * not met and 416 where there are no such bytes, and with the error of the system.
 */
export async function decide({ method, headers }: HttpRequest, path: string): Promise<Answered | null> {
  const conditions = conditionsOf(headers);
  const range = method === "GET" ? headers.get("range") : null;
  if (range === null) return ask(path, conditions);
  const ifRange = headers.get("if-range");
  const found = await describe(path);
  if (found === null) return null;
  const readable = isUnchanged(ifRange, found.stat) ? readableRange(range, found.stat.size) : undefined;
  if (readable === undefined) return ask(path, conditions);
  const answered = await ask(path, { ...conditions, range: readable });
  // A part of what has just been changed may not fit what the client has: it gets the whole.
  return answered === null || isSame(answered.stat, found.stat) ? answered : ask(path, conditions);
}

async function ask(path: string, headers: Readonly<Record<string, string>>): Promise<Answered | null> {
  const send = await loadLibrary();
  // The library reads nothing else of a message.
  const message = { method: "HEAD", headers } as unknown as Parameters<Send>[0];
  const { type, statusCode, headers: fields, metadata } = await send(message, encodeURIComponent(path), OPTIONS);
  if (type === "directory") return null;
  if (type === "file") {
    const { stat } = metadata;
    // The client has what the other fields describe (RFC 9110 §15.4.5).
    if (statusCode === 304) return { status: statusCode, fields: { ETag: fields.ETag }, stat };
    return { status: statusCode, fields: { ...fields, "Last-Modified": lastModified(stat) }, stat };
  }
  if (statusCode !== 412 && statusCode !== 416) throw metadata.error;
  const contentRange = fields["Content-Range"];
  throw new HttpError(statusCode, undefined, contentRange ? { headers: { "Content-Range": contentRange } } : {});
}

/**
 * The conditions of a request that the library is to heed, by the steps of RFC 9110 §13.2.2. Throws an HttpError 412 for
 * If-Match with tags: those that files have are weak, and it compares strongly (§13.1.1).
 */
function conditionsOf(headers: HeaderFields): Record<string, string> {
  const conditions: Record<string, string> = {};
  const take = (name: string) => {
    const value = headers.get(name);
    if (value !== null) conditions[name] = value;
  };
  const ifMatch = headers.get("if-match");
  if (ifMatch === null) take("if-unmodified-since");
  else if (ifMatch !== "*") throw new PreconditionFailedError();
  take("if-none-match");
  take("if-modified-since");
  return conditions;
}

/**
 * Whether If-Range allows for ranges: where it is not there, or is the very date that Last-Modified says; a weak tag never
 * does (§13.1.5).
 */
function isUnchanged(ifRange: string | null, { mtimeMs }: Stats): boolean {
  return ifRange === null || ifRange === new Date(mtimeMs).toUTCString();
}
