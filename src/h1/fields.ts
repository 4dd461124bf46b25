/** Fields on their way out: the last place that looks at each of them before it leaves. */

/** Fields, in order. */
export type Fields = Iterable<readonly [name: string, value: string]>;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** field-value = *( VCHAR / SP / HTAB / obs-text ) (RFC 9110 §5.5) */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Fields that say how the message is framed, or what becomes of the connection: the connection's own to write. */
const OWN_FIELDS = /^(?:transfer-encoding|connection|keep-alive)$/i;

/** Whether a text is a token (RFC 9110 §5.6.2), as methods and field names are. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

function shown(value: unknown): string {
  return Array.isArray(value) ? "a list: give each its own line" : value === null ? "null" : typeof value;
}

/** Throws a TypeError where a field could not be written as it is (RFC 9110 §5.1, §5.5). */
export function checkField(name: string, value: string): void {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no field name`);
  // What is no text would be made one: undefined, or a list of lines, in which commas would then be.
  if (typeof value !== "string") throw new TypeError(`the value of ${name} is no text, but ${shown(value)}`);
  if (!FIELD_VALUE.test(value)) {
    throw new TypeError(`the value of ${name} has a character that no field may have: ${JSON.stringify(value)}`);
  }
}

/** What the application set, in a form for the wire. */
interface ApplicationFields {
  lines: string;
  /** Values of fields that the connection would write itself. */
  length: string | null;
  hasDate: boolean;
  /** Options of Connection that the fields ask for. */
  options: readonly string[];
}

/** Fields that concern this connection only, and so are named in Connection (RFC 9110 §7.8, §10.1.4). */
const OPTIONS = new Set(["upgrade", "te"]);

/** What an application sets that sets nothing. */
export const NO_FIELDS: Readonly<ApplicationFields> = { lines: "", length: null, hasDate: false, options: [] };

/** Throws a TypeError where a field is not for applications to set, for it says what becomes of the connection. */
export function refuseOwnField(name: string): void {
  if (OWN_FIELDS.test(name)) throw new TypeError(`${name} is written by the connection, not by the application`);
}

/** The lines of the fields that an application set. Throws a TypeError where one is not valid, or not its to set. */
export function fieldLines(fields: Fields): ApplicationFields {
  const found: ApplicationFields = { ...NO_FIELDS };
  for (const [name, value] of fields) {
    checkField(name, value);
    refuseOwnField(name);
    const key = name.toLowerCase();
    if (key === "content-length") {
      if (found.length !== null) throw new TypeError("Content-Length is given more than once");
      found.length = value;
      continue;
    }
    if (key === "date") found.hasDate = true;
    else if (OPTIONS.has(key) && !found.options.includes(key)) found.options = [...found.options, key];
    found.lines += `${name}: ${value}\r\n`;
  }
  return found;
}

/**
 * Fields that may not follow the content, for they say how to read it, whom it is for, or what becomes of it
 * (RFC 9110 §6.5.1).
 */
const NO_TRAILERS: ReadonlySet<string> = new Set(
  "age,authorization,cache-control,connection,content-encoding,content-length,content-range,content-type,cookie,date,expect,expires,host,keep-alive,location,max-forwards,pragma,proxy-authenticate,proxy-authorization,range,retry-after,set-cookie,te,trailer,transfer-encoding,upgrade,vary,warning,www-authenticate".split(
    ",",
  ),
);

/** Fields of a head that content follows. */
const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "connection",
  "keep-alive",
  "content-length",
]);

/** The lines of fields; throws a TypeError where one is among the `barred`, or could not be written. */
function linesWithout(barred: ReadonlySet<string>, why: string, fields: Fields): string {
  let lines = "";
  for (const [name, value] of fields) {
    checkField(name, value);
    if (barred.has(name.toLowerCase())) throw new TypeError(`${name} ${why}`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** The lines of a trailer section; throws a TypeError where a field may not be there or could not be written. */
export function trailerLines(fields: Fields): string {
  return linesWithout(NO_TRAILERS, "may not follow the content", fields);
}

/** The lines of a head that no content follows; throws as `trailerLines`. */
export function linesWithoutFraming(fields: Fields): string {
  return linesWithout(FRAMING_FIELDS, "has no place where no content follows", fields);
}

/** Connection, with the options that fields ask for; "" where there are none. */
export function connectionLine(connection: string, options: readonly string[]): string {
  if (options.length > 0) connection = [...(connection === "" ? [] : [connection]), ...options].join(", ");
  return connection === "" ? "" : `Connection: ${connection}\r\n`;
}
