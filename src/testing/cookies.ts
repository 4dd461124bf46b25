/** The cookies of one client (RFC 6265 §5.3, §5.4). */

/** A cookie that is kept. */
export interface Cookie {
  readonly name: string;
  /** As it was sent: percent-encoded, where the server did so. */
  readonly value: string;
  /** The host it is for. */
  readonly domain: string;
  /** Whether it is for hosts below that, too. */
  readonly subdomains: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Milliseconds since 1970 at which it is forgotten; Infinity for never. */
  readonly expires: number;
}

/** Hosts that browsers trust without TLS: their secure cookies are sent as well. */
const TRUSTED = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

/** Whether a path is another, or below it (RFC 6265 §5.1.4). */
function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(above.endsWith("/") ? above : `${above}/`);
}

/** The path of a cookie that names none: that of the request, up to its last slash (RFC 6265 §5.1.4). */
function defaultPath({ pathname }: URL): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf("/")));
}

function expiryOf(attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get("max-age") ?? "";
  if (/^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? 0 : Date.now() + Number(maxAge) * 1000;
  const time = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}

/** Name and value on both sides of the first "=", without the space around them. */
function pairOf(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return at < 0 ? [text.trim(), ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** The cookie of a Set-Cookie line that came from a URL; null where it is to be ignored (RFC 6265 §5.2, §5.3). */
function readCookie(line: string, url: URL): Cookie | null {
  const [pair, ...rest] = line.split(";");
  const [name, value] = pairOf(pair);
  const attributes = new Map(rest.map(pairOf).map(([key, text]) => [key.toLowerCase(), text]));
  const domain = (attributes.get("domain") ?? "").replace(/^\./, "").toLowerCase();
  if (!pair.includes("=") || name === "" || (domain !== "" && !isWithin(url.hostname, domain))) return null;
  const path = attributes.get("path") ?? "";
  return {
    name,
    value,
    domain: domain || url.hostname,
    subdomains: domain !== "",
    path: path.startsWith("/") ? path : defaultPath(url),
    secure: attributes.has("secure"),
    httpOnly: attributes.has("httponly"),
    expires: expiryOf(attributes),
  };
}

/** Keeps cookies as a browser does, for as long as it lives. What `SameSite` says is not looked at. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Keeps the cookie of a Set-Cookie line, or forgets it where the line says so. */
  set(line: string, url: URL | string = "http://localhost/"): void {
    const cookie = readCookie(line, new URL(url));
    if (cookie === null) return;
    const key = JSON.stringify([cookie.name, cookie.domain, cookie.path]);
    if (cookie.expires <= Date.now()) this.#cookies.delete(key);
    else this.#cookies.set(key, cookie);
  }

  /** The value of a cookie of this name, wherever it is for; undefined where there is none. */
  get(name: string): string | undefined {
    return this.all().find((cookie) => cookie.name === name)?.value;
  }

  /** What is kept, in the order it came. */
  all(): Cookie[] {
    return [...this.#cookies.values()].filter(({ expires }) => expires > Date.now());
  }

  /** The Cookie field for a URL, those of longer paths first; "" where there is none. */
  header(url: URL | string): string {
    const { hostname, pathname, protocol } = new URL(url);
    const safe = protocol === "https:" || TRUSTED.test(hostname);
    return this.all()
      .filter(({ domain, subdomains }) => (subdomains ? isWithin(hostname, domain) : hostname === domain))
      .filter(({ path, secure }) => isBelow(pathname, path) && (safe || !secure))
      .sort((one, other) => other.path.length - one.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  /** Forgets all. */
  clear(): void {
    this.#cookies.clear();
  }
}
