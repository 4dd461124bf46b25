/** The header fields of a part of multipart/form-data (RFC 7578 §4). */
import {
  BadRequestError,
  ContentTooLargeError,
  decodeUtf8,
  type HttpError,
  isToken,
  type MultipartLimits,
  parseMediaType,
  requireUtf8,
} from "../http/index.ts";

/** What the header fields of a part say. */
export interface PartHead {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Throws an HttpError 415 where the content is text of another charset than UTF-8. */
  requireText(): void;
}

/** Lines by name in small letters, one character a byte, as Dicer gives them. */
export type PartFields = Readonly<Record<string, readonly string[]>>;

/** Where none is said (RFC 7578 §4.4). */
const DEFAULT_TYPE = "text/plain";

/** Bytes that no field value has, HTAB apart. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** ";" name "=" ( token / quoted-string ), where clients escape in a quoted-string what they like. */
const PARAMETER = /[\t ]*;[\t ]*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))[\t ]*/y;

/** Throws an HttpError 400 where the fields are not those of a part, 413 where they are more than the limits allow. */
export function readPartHead(fields: PartFields, limits: MultipartLimits): PartHead {
  checkSize(fields, limits);
  const headers = decodeFields(fields);
  const disposition = readDisposition(only(fields, headers, "content-disposition"));
  const name = disposition.get("name");
  if (name === undefined) throw malformed("it has no name");
  if (Buffer.byteLength(name) > limits.maxPartNameSize) throw tooMuch("maxPartNameSize", limits);
  const filename = disposition.get("filename");
  const type = parseMediaType(only(fields, headers, "content-type") ?? DEFAULT_TYPE);
  if (type === null) throw malformed("its Content-Type is none");
  return {
    name,
    filename: filename === undefined ? undefined : baseName(filename),
    type: type.essence,
    headers,
    requireText: () => requireUtf8(type, `the part ${JSON.stringify(name)}`),
  };
}

function malformed(reason: string): HttpError {
  return new BadRequestError(`the header of a part is not valid: ${reason}`);
}

function tooMuch(limit: keyof MultipartLimits, limits: MultipartLimits): HttpError {
  return new ContentTooLargeError(`the header of a part is beyond ${limit}, ${limits[limit]}`);
}

function checkSize(fields: PartFields, limits: MultipartLimits): void {
  let lines = 0;
  let size = 0;
  for (const [name, values] of Object.entries(fields)) {
    lines += values.length;
    for (const value of values) size += name.length + value.length;
  }
  if (lines > limits.maxPartHeaders) throw tooMuch("maxPartHeaders", limits);
  if (size > limits.maxPartHeaderSize) throw tooMuch("maxPartHeaderSize", limits);
}

/** The fields in UTF-8, which is what browsers send them in (RFC 7578 §5.1). */
function decodeFields(fields: PartFields): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, values] of Object.entries(fields)) {
    if (!isToken(name)) throw malformed("a field name is not a token");
    const value = values.map((line) => line.trim()).join(", ");
    if (CONTROL.test(value)) throw malformed("a field value has a control byte");
    headers.set(name, decodeUtf8(Buffer.from(value, "latin1"), "the header of a part"));
  }
  return headers;
}

/** The value of a field that may be there once. */
function only(fields: PartFields, headers: ReadonlyMap<string, string>, name: string): string | undefined {
  if (fields[name]?.length > 1) throw malformed(`it has more than one ${name}`);
  return headers.get(name);
}

/** The parameters of Content-Disposition, which must be `form-data`. */
function readDisposition(value: string | undefined): ReadonlyMap<string, string> {
  if (value === undefined) throw malformed("it has no Content-Disposition");
  const kind = /^form-data(?=[\t ;]|$)/i.exec(value);
  if (kind === null) throw malformed("its Content-Disposition is not form-data");
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = kind[0].length;
  while (PARAMETER.lastIndex < value.length) {
    const found = PARAMETER.exec(value);
    if (found === null) throw malformed("its Content-Disposition cannot be read");
    const [, name, quoted, token] = found;
    const key = name.toLowerCase();
    if (parameters.has(key)) throw malformed(`its Content-Disposition has more than one ${key}`);
    parameters.set(key, unescapeName(quoted ?? token));
  }
  return parameters;
}

/**
 * Browsers write a quote and the ends of lines as percent-encoding (HTML, multipart/form-data), other clients a quote
 * and a backslash behind a backslash; any other backslash is of a path of Windows.
 */
function unescapeName(text: string): string {
  return text.replace(/\\(["\\])/g, "$1").replace(/%(?:22|0D|0A)/gi, decodeURIComponent);
}

/** What follows the last slash of either kind; "" where that means a folder. */
function baseName(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return name === "." || name === ".." ? "" : name;
}
