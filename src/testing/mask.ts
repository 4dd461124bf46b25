/** Secrets, which have no place in a file that is committed. */
import { hasParts, withoutParts } from "./parts.ts";
import {
  type RecordedBody,
  type RecordedExchange,
  type RecordedRequest,
  type RecordedResponse,
  recordBody,
  replayBody,
} from "./recorded.ts";

/** What stands in place of a secret. */
const MASKED = "***";

/** Fields whose values are secrets. */
const FIELDS = ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrf-token"];

/** Names in queries, forms and JSON whose values are secrets; capitals, "-" and "_" do not matter. */
const NAMES = [
  ...["accesstoken", "apikey", "authtoken", "clientsecret", "credential", "credentials", "csrftoken", "idtoken"],
  ...["passphrase", "passwd", "password", "privatekey", "refreshtoken", "secret", "sessionid", "token"],
];

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

/** Takes secrets out of what is kept; what is asked later is compared as this makes it, too. */
export class Mask {
  readonly #names: ReadonlySet<string>;

  /** `names` are those of fields and values that are secrets beside the usual ones. */
  constructor(names: readonly string[]) {
    this.#names = new Set([...FIELDS, ...NAMES, ...names].map(plain));
  }

  request({ method, url, headers, body }: RecordedRequest): RecordedRequest {
    const masked = hasParts(headers["content-type"]) ? this.#parts(body) : this.#body(body);
    return { method, url: this.#url(url), headers: this.#headers(headers), ...masked };
  }

  exchange({ request, response }: RecordedExchange): RecordedExchange {
    return { request: this.request(request), response: this.#response(response) };
  }

  #response({ status, headers, body }: RecordedResponse): RecordedResponse {
    const masked = headers.map(([name, value]) => [name, this.#field(name, value)] as const);
    return { status, headers: masked, ...this.#body(body) };
  }

  #hides(name: string): boolean {
    return this.#names.has(plain(name));
  }

  #field(name: string, value: string): string {
    // What the browser is to do with it is no secret.
    if (name === "set-cookie") return value.replace(/=[^;]*/, `=${MASKED}`);
    if (name === "location") return this.#url(value);
    return this.#hides(name) ? MASKED : value;
  }

  #headers(headers: RecordedRequest["headers"]): RecordedRequest["headers"] {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.#field(name, value)]));
  }

  #url(url: string): string {
    const open = url.replace(/^(\w+:\/\/)[^/?#@]*@/, `$1${MASKED}@`);
    const at = open.indexOf("?");
    if (at < 0) return open;
    const end = open.indexOf("#", at);
    const query = open.slice(at + 1, end < 0 ? undefined : end);
    return open.slice(0, at + 1) + this.#pairs(query) + (end < 0 ? "" : open.slice(end));
  }

  /** What is urlencoded, without its secrets and otherwise as it is. */
  #pairs(text: string): string {
    return text.replace(/(^|&)([^=&]*)=([^&]*)/g, (all, before: string, name: string) => {
      const [decoded] = [...new URLSearchParams(name).keys()];
      return this.#hides(decoded ?? "") ? `${before}${name}=${MASKED}` : all;
    });
  }

  #parts(form: RecordedBody | undefined): { body?: RecordedBody } {
    const bytes = replayBody(form);
    const body = bytes && recordBody(withoutParts(bytes, (name) => this.#hides(name), MASKED));
    return body ? { body } : {};
  }

  #body(body: RecordedBody | undefined): { body?: RecordedBody } {
    if (body === undefined) return {};
    if ("json" in body) return { body: { json: this.#json(body.json) } };
    if (!("text" in body)) return { body };
    return { body: { text: this.#text(body.text) } };
  }

  /** Text of JSON in an unusual writing is JSON still; anything else may be a form. */
  #text(text: string): string {
    try {
      const json: unknown = JSON.parse(text);
      const masked = this.#json(json);
      return JSON.stringify(masked) === JSON.stringify(json) ? text : JSON.stringify(masked);
    } catch {
      return /^[^\s=&]+=[^\s]*$/.test(text) ? this.#pairs(text) : text;
    }
  }

  #json(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#json(item));
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value);
    return Object.fromEntries(
      members.map(([name, member]) => [name, this.#hides(name) && member !== null ? MASKED : this.#json(member)]),
    );
  }
}
