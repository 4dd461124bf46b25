/** Fields by which browsers are told to guard what they show. */
import { described, type Middleware } from "../app/index.ts";
import { HttpHeaders, type HttpRequest } from "../http/index.ts";
import { addMissing, type FieldLine, fieldLines, toldOfResponses } from "./fields.ts";
import { atLeast } from "./options.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** What scripts and styles of this response must have as `nonce`, where its policy asks for one. */
    cspNonce?: string;
  }
}

/** Names of directives and what each allows; true for those that allow nothing to be said, false for none. */
export type PolicyDirectives = Readonly<Record<string, string | readonly string[] | boolean>>;

/** What browsers may load and run for a page (Content-Security-Policy). */
export interface ContentSecurityPolicy {
  /** Beside the default ones, or in their place. */
  readonly directives?: PolicyDirectives;
  /** Whether scripts and styles are allowed that have `request.state.cspNonce` as their nonce. */
  readonly nonce?: boolean;
  /** Whether browsers only tell of what they would have refused. */
  readonly reportOnly?: boolean;
}

/** For how long browsers come by HTTPS alone (RFC 6797). */
export interface StrictTransportSecurity {
  /** Seconds for which a browser comes by HTTPS alone. */
  readonly maxAge?: number;
  readonly includeSubDomains?: boolean;
  readonly preload?: boolean;
  /** Also where it is not known that the client came by HTTPS. */
  readonly always?: boolean;
}

/** Each is the value of a field as it is sent, or false for none. */
export interface SecurityHeadersOptions {
  readonly contentSecurityPolicy?: ContentSecurityPolicy | string | false;
  readonly strictTransportSecurity?: StrictTransportSecurity | false;
  readonly permissionsPolicy?: PolicyDirectives | string | false;
  readonly contentTypeOptions?: string | false;
  readonly frameOptions?: string | false;
  readonly referrerPolicy?: string | false;
  readonly crossOriginOpenerPolicy?: string | false;
  readonly crossOriginResourcePolicy?: string | false;
  readonly crossOriginEmbedderPolicy?: string | false;
  readonly originAgentCluster?: string | false;
  readonly dnsPrefetchControl?: string | false;
  readonly permittedCrossDomainPolicies?: string | false;
}

/** What is allowed where nothing else is said: what comes from here, and nothing that could run elsewhere's code. */
export const DEFAULT_DIRECTIVES: PolicyDirectives = {
  "default-src": "'self'",
  "base-uri": "'self'",
  "form-action": "'self'",
  "frame-ancestors": "'self'",
  "img-src": ["'self'", "data:"],
  "object-src": "'none'",
  "script-src": "'self'",
  "script-src-attr": "'none'",
  "style-src": "'self'",
};

/** Every field that is sent where nothing else is said. Half a year is what a mistake with HTTPS may cost. */
export const DEFAULT_SECURITY_HEADERS: Required<SecurityHeadersOptions> = {
  contentSecurityPolicy: {},
  strictTransportSecurity: { maxAge: 15_552_000, includeSubDomains: true, preload: false, always: false },
  permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [], usb: [] },
  contentTypeOptions: "nosniff",
  frameOptions: "SAMEORIGIN",
  referrerPolicy: "no-referrer",
  crossOriginOpenerPolicy: "same-origin",
  crossOriginResourcePolicy: "same-origin",
  crossOriginEmbedderPolicy: false,
  originAgentCluster: "?1",
  dnsPrefetchControl: "off",
  permittedCrossDomainPolicies: "none",
};

type Simple = Exclude<
  keyof SecurityHeadersOptions,
  "contentSecurityPolicy" | "strictTransportSecurity" | "permissionsPolicy"
>;

/** The fields whose values are taken as they are. */
const NAMES: Readonly<Record<Simple, string>> = {
  contentTypeOptions: "X-Content-Type-Options",
  frameOptions: "X-Frame-Options",
  referrerPolicy: "Referrer-Policy",
  crossOriginOpenerPolicy: "Cross-Origin-Opener-Policy",
  crossOriginResourcePolicy: "Cross-Origin-Resource-Policy",
  crossOriginEmbedderPolicy: "Cross-Origin-Embedder-Policy",
  originAgentCluster: "Origin-Agent-Cluster",
  dnsPrefetchControl: "X-DNS-Prefetch-Control",
  permittedCrossDomainPolicies: "X-Permitted-Cross-Domain-Policies",
};

/** Bytes of a nonce: more than can be guessed (CSP3 §8.1 asks for 16). */
const NONCE_SIZE = 16;
/** Stands for the nonce of each response; no value can have it, for a quote ends there. */
const NONCE = "'nonce-'";
const WITH_NONCE = ["script-src", "style-src"];

/** A value of a directive as words. Throws a TypeError where it has a character that would begin another. */
function wordsOf(option: string, name: string, value: string | readonly string[] | boolean): string[] {
  const words = typeof value === "boolean" ? [] : typeof value === "string" ? value.split(/\s+/) : [...value];
  for (const word of words) {
    if (!/^[!-+\--:<-~]+$/.test(word)) {
      throw new TypeError(`${option}: ${name} has ${JSON.stringify(word)}, which is no source`);
    }
  }
  return words;
}

function policyOf({ directives = {}, nonce = false }: ContentSecurityPolicy): string {
  const parts = Object.entries({ ...DEFAULT_DIRECTIVES, ...directives }).flatMap(([name, value]) => {
    if (!/^[a-z][a-z-]*$/.test(name)) {
      throw new TypeError(`contentSecurityPolicy has ${JSON.stringify(name)}, which is no directive`);
    }
    if (value === false) return [];
    const words = wordsOf("contentSecurityPolicy", name, value);
    if (nonce && WITH_NONCE.includes(name)) words.push(NONCE);
    return [[name, ...words].join(" ")];
  });
  return parts.join("; ");
}

/** `camera=(), geolocation=(self "https://example.org")` (Permissions Policy §5.2). */
function permissionsOf(directives: PolicyDirectives): string {
  const parts = Object.entries(directives).flatMap(([name, value]) => {
    if (value === false) return [];
    const words = wordsOf("permissionsPolicy", name, value);
    return [words.length === 1 && words[0] === "*" ? `${name}=*` : `${name}=(${words.join(" ")})`];
  });
  return parts.join(", ");
}

function transportOf({ maxAge, includeSubDomains, preload }: StrictTransportSecurity): string {
  const seconds = atLeast("strictTransportSecurity.maxAge", maxAge, 0);
  return `max-age=${seconds}${includeSubDomains ? "; includeSubDomains" : ""}${preload ? "; preload" : ""}`;
}

/** Whether the client came by HTTPS: to here, or to a proxy that is trusted. */
function isSecure(request: HttpRequest): boolean {
  const { client } = request.state;
  return client === undefined ? request.secure : client.protocol === "https";
}

function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(NONCE_SIZE))));
}

/** The policy as a field; null where there is none. */
function policyField(policy: ContentSecurityPolicy | string | false): [name: string, value: string] | null {
  if (policy === false) return null;
  if (typeof policy === "string") return ["Content-Security-Policy", policy];
  return [`Content-Security-Policy${policy.reportOnly ? "-Report-Only" : ""}`, policyOf(policy)];
}

/** The fields that are the same for all responses; throws a TypeError where one could not be sent. */
function constantFields(options: Required<SecurityHeadersOptions>): FieldLine[] {
  const fields = new HttpHeaders();
  const { permissionsPolicy } = options;
  if (permissionsPolicy !== false) {
    const value = typeof permissionsPolicy === "string" ? permissionsPolicy : permissionsOf(permissionsPolicy);
    if (value !== "") fields.set("Permissions-Policy", value);
  }
  for (const [option, name] of Object.entries(NAMES) as [Simple, string][]) {
    const value = options[option];
    if (value !== false) fields.set(name, value);
  }
  return fieldLines(fields);
}

/**
 * Sets the fields by which browsers guard what they show, on every response of what it stands around, errors too; what a
 * handler has set itself stays. HTTPS is only insisted on where the client came by it, over TLS to here or, with
 * `trustedProxies` further out, to a proxy. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function securityHeaders(options: SecurityHeadersOptions = {}): Middleware {
  const all = { ...DEFAULT_SECURITY_HEADERS, ...options };
  const policy = policyField(all.contentSecurityPolicy);
  const hasNonce = policy?.[1].includes(NONCE) ?? false;
  const constant = [...constantFields(all), ...fieldLines(policy === null || hasNonce ? [] : [policy])];
  const hsts = all.strictTransportSecurity;
  const defaults = DEFAULT_SECURITY_HEADERS.strictTransportSecurity as StrictTransportSecurity;
  const transport =
    hsts === false ? null : fieldLines({ "Strict-Transport-Security": transportOf({ ...defaults, ...hsts }) });
  const always = hsts !== false && hsts.always === true;

  const middleware = toldOfResponses(
    ({ headers }, request) => {
      addMissing(headers, constant);
      if (policy !== null && hasNonce) addMissing(headers, fieldLines([[policy[0], withNonce(policy[1], request)]]));
      if (transport !== null && (always || (!request.done && isSecure(request)))) addMissing(headers, transport);
    },
    (next) => {
      if (!hasNonce) return next;
      return (request) => {
        request.state.cspNonce ??= newNonce();
        return next(request);
      };
    },
  );
  return described(middleware, "securityHeaders", all);
}

/** The policy of one response. A request that was answered before it came here gets a nonce that nothing has. */
function withNonce(policy: string, request: HttpRequest): string {
  return policy.replaceAll(NONCE, `'nonce-${request.state.cspNonce ?? newNonce()}'`);
}
