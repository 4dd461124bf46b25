/** Forms in parts, as they are kept: what stands between their parts is made up anew for each request. */

/** What stands between parts in place of what was made up. */
const BOUNDARY = "boundary-of-the-recording";
const SEPARATOR = `--${BOUNDARY}`;

/** The boundary of content of a type (RFC 2046 §5.1.1); undefined where it has no parts. */
function boundaryOf(type: string | undefined): string | undefined {
  const [, quoted, token] = /^multipart\/[^;]*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^;\s"]+))/i.exec(type ?? "") ?? [];
  return quoted ?? token;
}

/** A content type and its content with a boundary that is always the same; as they are where there are no parts. */
export function steadied(type: string | undefined, bytes: Uint8Array): [type: string | undefined, bytes: Uint8Array] {
  const boundary = boundaryOf(type);
  if (type === undefined || boundary === undefined) return [type, bytes];
  const content = Buffer.from(bytes).toString("latin1").replaceAll(`--${boundary}`, SEPARATOR);
  return [type.replace(boundary, BOUNDARY), Buffer.from(content, "latin1")];
}

/** Whether content of a type is such a form. */
export function hasParts(type: string | undefined): boolean {
  return boundaryOf(type) === BOUNDARY;
}

/** Such a form with something else in place of the parts whose names are hidden. */
export function withoutParts(bytes: Uint8Array, hides: (name: string) => boolean, instead: string): Uint8Array {
  const parts = Buffer.from(bytes).toString("latin1").split(SEPARATOR);
  const masked = parts.map((part) => {
    const start = part.indexOf("\r\n\r\n") + 4;
    const [, name] = /[;\s]name="([^"]*)"/i.exec(part.slice(0, start)) ?? [];
    return name !== undefined && hides(name) ? `${part.slice(0, start)}${instead}\r\n` : part;
  });
  return Buffer.from(masked.join(SEPARATOR), "latin1");
}
