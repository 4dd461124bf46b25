/** Files as responses. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { HttpResponse, NotFoundError, type ResponseInit } from "../http/index.ts";
import { contentTypeOf } from "./content-type.ts";
import { attachment } from "./disposition.ts";
import { lastModified, readPieces } from "./static/content.ts";

/** What the response of a file is made with. */
export interface FileInit extends ResponseInit {
  /** Has the client save it, under this name, or with `true` under its own. */
  readonly download?: boolean | string;
}

/** To open a pipe must not wait for somebody to write to it. Windows has no such flag, and counts it as 0. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
/** Codes of errors that mean that there is no such file; the last is that of a path with U+0000. */
const MISSING: readonly unknown[] = ["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"];

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, FLAGS);
  } catch (cause) {
    if (MISSING.includes((cause as NodeJS.ErrnoException).code)) throw new NotFoundError(undefined, { cause });
    throw cause;
  }
}

/** What is known of a plain file that can be read; rejects as `file`. */
async function statsOf(path: string): Promise<Stats> {
  const handle = await openFile(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new NotFoundError();
    return stats;
  } finally {
    await handle.close();
  }
}

async function responseOf(stats: Stats, path: string, init: FileInit): Promise<HttpResponse> {
  const { size } = stats;
  const response = new HttpResponse(null, init, await contentTypeOf(path));
  const { headers } = response;
  headers.set("Content-Length", String(size));
  if (!headers.has("Last-Modified")) headers.set("Last-Modified", lastModified(stats));
  const { download = false } = init;
  if (download !== false) headers.set("Content-Disposition", attachment(download === true ? basename(path) : download));
  // No further than what was announced, though the file may grow meanwhile.
  if (size > 0) response.body = readPieces(path, stats, 0, size);
  return response;
}

/**
 * A file as a response, with its length, its date and the type that its name means; a type among the `headers` outranks
 * that. Rejects with an HttpError 404 where there is no such file, or it is a folder or no plain file; with what the system
 * says where it cannot be opened.
 *
 * It is opened again when the response is sent, and not held open until then, for a response may be dropped that nobody
 * tells of it. Where another file has taken its place meanwhile, or none, the connection is cut.
 *
 * The path is opened as it is: one that a user has a say in must be checked before.
 */
export async function file(path: string | URL, init: FileInit = {}): Promise<HttpResponse> {
  const name = typeof path === "string" ? path : fileURLToPath(path);
  return responseOf(await statsOf(name), name, init);
}
