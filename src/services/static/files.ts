import { checkField } from "../../h1/index.ts";
import { HttpHeaders, type HttpRequest, HttpResponse, NotAcceptableError, NotFoundError } from "../../http/index.ts";
import { choose } from "./codings.ts";
import { checkReadable, isSame, readPieces, readWhole } from "./content.ts";
import { Folder, type Representation, throwHttpError } from "./folder.ts";
import { type Answered, decide, isPlain } from "./library.ts";
import { Memory } from "./memory.ts";
import { cacheControlOf, type StaticOptions } from "./options.ts";

/** Where a name leads, known until some time. */
interface Known {
  readonly name: string;
  /** As all that it can be served as; null for a folder. */
  readonly file: readonly Representation[] | null;
  readonly until: number;
}

/** An encoded slash, and a backslash, which is one to some systems and to browsers in a redirect. */
const OTHER_SLASHES = /%2f|%5c|\\/i;
/** About what it takes to keep where a file is, beside its content. */
const ENTRY_SIZE = 1024;
/** Milliseconds since its last change before a file can be told from what it is changed to: times of files are coarse. */
const COARSE = 2000;

/** Serves the files of a folder, and keeps those in memory that are small. */
export class StaticFiles {
  readonly #folder: Folder;
  readonly #options: Required<StaticOptions>;
  readonly #cacheControl: string;
  readonly #memory: Memory<Known>;
  /** Names that are being looked up: many may ask for one at once. */
  readonly #pending = new Map<string, Promise<Known>>();

  /** Throws an Error where the root is no folder, and a TypeError or RangeError where Cache-Control could not be sent. */
  constructor(root: string, options: Required<StaticOptions>) {
    this.#options = options;
    this.#cacheControl = cacheControlOf(options.cacheControl);
    checkField("Cache-Control", this.#cacheControl);
    this.#memory = new Memory(options.maxCacheSize);
    this.#folder = new Folder(root, options);
  }

  /**
   * The response to a request with the name of a file as parameter `file`, or without for the folder itself. Throws and
   * rejects as `staticFiles` says.
   */
  serve(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    if (OTHER_SLASHES.test(request.path)) throw new NotFoundError();
    const name = nameOf(request);
    const known = this.#memory.get(name);
    if (known !== undefined && performance.now() < known.until) return this.#answer(request, known);
    return this.#lookUp(name, known).then((fresh) => this.#answer(request, fresh));
  }

  #lookUp(name: string, before: Known | undefined): Promise<Known> {
    let pending = this.#pending.get(name);
    if (pending === undefined) {
      pending = this.#locate(name, before).finally(() => this.#pending.delete(name));
      this.#pending.set(name, pending);
    }
    return pending;
  }

  /** Finds a file, and keeps where it is; its content as well where that was kept before and is the same. */
  async #locate(name: string, before: Known | undefined): Promise<Known> {
    this.#memory.delete(name);
    const until = performance.now() + this.#options.maxStale;
    const known = { name, file: await this.#folder.locate(name), until };
    for (const each of known.file ?? []) {
      const old = before?.file?.find(({ path }) => path === each.path);
      if (!old?.settled || !isSame(old.stat, each.stat)) continue;
      each.bytes = old.bytes;
      each.settled = true;
    }
    this.#remember(known);
    return known;
  }

  #remember(known: Known): void {
    let size = ENTRY_SIZE;
    for (const { bytes } of known.file ?? []) size += bytes?.length ?? 0;
    this.#memory.set(known.name, known, size);
  }

  #answer(request: HttpRequest, known: Known): HttpResponse | Promise<HttpResponse> {
    const { file } = known;
    if (file === null) return toFolder(request);
    const chosen = choose(request.headers.get("accept-encoding"), file);
    if (chosen === null) throw new NotAcceptableError(undefined, { headers: { Vary: "Accept-Encoding" } });
    const plain = isPlain(request);
    if (plain && chosen.bytes !== null) return this.#respond(request, chosen, chosen, chosen.bytes);
    return this.#answerFromDisk(request, known, chosen, plain);
  }

  /** The response to what memory has no answer for, or none that the conditions of the request allow. */
  async #answerFromDisk(
    request: HttpRequest,
    known: Known,
    chosen: Representation,
    plain: boolean,
  ): Promise<HttpResponse> {
    if (plain && (await this.#hold(known, chosen))) {
      return this.#respond(request, chosen, chosen, chosen.bytes);
    }
    const { path } = chosen;
    const answered = await decide(request, path).catch(throwHttpError);
    // A folder has taken its place.
    if (answered === null) throw new NotFoundError();
    const { status, fields, stat } = answered;
    if (status === 304) return this.#respond(request, chosen, answered, null);
    if (status === 200 && isSame(stat, chosen.stat) && (await this.#hold(known, chosen))) {
      return this.#respond(request, chosen, answered, chosen.bytes);
    }
    if (!chosen.readable) await checkReadable(path).catch(throwHttpError);
    chosen.readable = true;
    const start = Number(/^bytes (\d+)/.exec(String(fields["Content-Range"]))?.[1] ?? 0);
    const content = readPieces(path, stat, start, Number(fields["Content-Length"]));
    return this.#respond(request, chosen, answered, content);
  }

  /** Has a small file in memory; gives false where it is not small, or was changed since it was found. */
  async #hold(known: Known, chosen: Representation): Promise<boolean> {
    const { path, stat } = chosen;
    if (chosen.bytes !== null) return true;
    if (stat.size > this.#options.maxCachedFileSize) return false;
    const readAt = Date.now();
    chosen.bytes = await readWhole(path, stat).catch(throwHttpError);
    chosen.settled = readAt - stat.ctimeMs > COARSE;
    if (this.#memory.get(known.name) === known) this.#remember(known);
    return chosen.bytes !== null;
  }

  /** The response of what was answered, with its content where that is asked for. */
  #respond(
    request: HttpRequest,
    { coding, contentType, varies }: Representation,
    { status, fields }: Answered,
    content: HttpResponse["body"],
  ): HttpResponse {
    const headers = new HttpHeaders();
    for (const name in fields) headers.append(name, String(fields[name]));
    headers.append("Cache-Control", this.#cacheControl);
    if (varies) headers.append("Vary", "Accept-Encoding");
    if (status === 304) return new HttpResponse(null, { status, headers });
    if (coding !== null) headers.append("Content-Encoding", coding);
    if (this.#options.nosniff) headers.append("X-Content-Type-Options", "nosniff");
    return new HttpResponse(request.method === "HEAD" ? null : content, { status, headers }, contentType);
  }
}

/** The name that a request asks for: the rest of its path, which has a slash at its end where a folder is meant. */
function nameOf({ path, params }: HttpRequest): string {
  const { file = "" }: { file?: string } = params;
  return path.endsWith("/") && !file.endsWith("/") ? `${file}/` : file;
}

/** The redirection to a folder: links in its index are relative to it. */
function toFolder({ path, query }: HttpRequest): HttpResponse {
  const location = query === "" ? `${path}/` : `${path}/?${query}`;
  return new HttpResponse(null, { status: 308, headers: { Location: location } });
}
