/** Schemas of routes: any library's that keep to Standard Schema (zod, valibot, arktype …). */
import {
  type Answer,
  HttpError,
  type HttpRequest,
  HttpResponse,
  percentEncode,
  UnsupportedMediaTypeError,
} from "../http/index.ts";
import { type Handler, isPromise, later } from "./handler.ts";

/** A problem that a schema has found. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema makes of a value: the value as it means it, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What Pyrois needs of a Standard Schema, version 1 (standardschema.dev). */
export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The schemas a route may have. */
export interface Schemas {
  /** Of the parameters of the path, as the converters gave them. */
  readonly params?: Schema;
  /** Of the query as an object: a name that is repeated has the list of its values. */
  readonly query?: Schema;
  /** Of the fields as an object, names in lower case. */
  readonly headers?: Schema;
  /** Of the content: JSON, or a form as an object. */
  readonly body?: Schema;
  /** Of what the handler returns, where that is no HttpResponse: what the schema makes of it is sent. */
  readonly response?: Schema;
}

type SchemaTypes<S> = S extends { readonly "~standard": { readonly types?: infer T } } ? NonNullable<T> : never;
type OutputOf<S> = SchemaTypes<S> extends { readonly output: infer Output } ? Output : unknown;
type InputOf<S> = SchemaTypes<S> extends { readonly input: infer Input } ? Input : unknown;

/** The parts of a request that schemas check. */
export type RequestPart = "params" | "query" | "headers" | "body";

/** What the schemas of a route make of a request: `request.valid`. */
export type Valid<S extends Schemas> = { readonly [K in keyof S & RequestPart]: OutputOf<S[K]> };

/** What a handler with these schemas may return. */
export type Result<S extends Schemas> = S extends { readonly response: infer R } ? InputOf<R> | HttpResponse : Answer;

/** One thing that is wrong with a request. */
export interface RequestIssue {
  /** Where in the part, as a JSON Pointer (RFC 6901); "" is the part as a whole. */
  readonly pointer: string;
  readonly message: string;
}

/** Issues that an error tells at most; there can be as many as a list has entries. */
const MAX_ISSUES = 20;

function pointerOf(path: SchemaIssue["path"] = []): string {
  return path
    .map((step) => (typeof step === "object" ? step.key : step))
    .map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

/** What no fragment of a URI has (RFC 3986 §3.5). */
const NO_FRAGMENT = /[^!$&'()*+,\-./0-9:;=?@A-Z_a-z~]+/gu;

/** A pointer as a fragment of a URI (RFC 6901 §6). */
function fragmentOf(pointer: string): string {
  return `#${percentEncode(pointer, NO_FRAGMENT)}`;
}

/** A request that a schema refuses: 422 for its content, else 400. Its response names what is wrong and where. */
export class ValidationError extends HttpError {
  readonly part: RequestPart;
  /** What is wrong; of many the first 20. */
  readonly issues: readonly RequestIssue[];

  constructor(part: RequestPart, found: readonly SchemaIssue[]) {
    const issues = found.slice(0, MAX_ISSUES).map(({ message, path }) => ({ pointer: pointerOf(path), message }));
    const lines = issues.map(({ pointer, message }) => `${pointer || "(all of it)"}: ${message}`);
    if (found.length > MAX_ISSUES) lines.push(`and ${found.length - MAX_ISSUES} more`);
    super(part === "body" ? 422 : 400, `the request's ${part} is not valid\n${lines.join("\n")}`, {
      problem: {
        detail: `the request's ${part} is not valid`,
        errors: issues.map(({ pointer, message }) => ({ in: part, pointer: fragmentOf(pointer), detail: message })),
      },
    });
    this.part = part;
    this.issues = issues;
  }
}

/** Names and values as an object that inherits nothing: a name that is repeated has the list of its values. */
function toObject<T>(entries: Iterable<readonly [name: string, value: T]>): Record<string, T | T[]> {
  const object: Record<string, T | T[]> = Object.create(null);
  for (const [name, value] of entries) {
    const other = object[name];
    if (other === undefined) object[name] = value;
    else if (Array.isArray(other)) other.push(value);
    else object[name] = [other, value];
  }
  return object;
}

function fieldsOf(request: HttpRequest): Record<string, string> {
  const object: Record<string, string> = Object.create(null);
  for (const [name] of request.headers) object[name.toLowerCase()] ??= request.headers.get(name) ?? "";
  return object;
}

function contentOf(request: HttpRequest): Promise<unknown> {
  // The common case first: no other type has to be looked for.
  return request.headers.get("content-type") === "application/json" ? request.json() : formOrJson(request);
}

async function formOrJson(request: HttpRequest): Promise<unknown> {
  const value = await request.parse();
  if (value === null) return undefined;
  if (value instanceof FormData) return toObject(value);
  if (value instanceof Uint8Array || typeof value === "string") {
    throw new UnsupportedMediaTypeError("the content must be JSON or a form, and its Content-Type must say so");
  }
  return value;
}

const READERS: Readonly<Record<RequestPart, (request: HttpRequest) => unknown>> = {
  params: ({ params }) => params,
  query: ({ query }) => (query === "" ? Object.create(null) : toObject(new URLSearchParams(query))),
  headers: fieldsOf,
  body: contentOf,
};

/** A part that is checked. */
interface Check {
  readonly part: RequestPart;
  readonly read: (request: HttpRequest) => unknown;
  readonly schema: Schema["~standard"];
}

type Checked = Record<string, unknown>;

function accept(checked: Checked, part: RequestPart, result: SchemaResult<unknown>): void {
  if (result.issues) throw new ValidationError(part, result.issues);
  checked[part] = result.value;
}

/** Checks one part after the other, from `index` on; a promise where one of them takes time. */
function run(checks: readonly Check[], index: number, request: HttpRequest, checked: Checked): void | Promise<void> {
  for (let at = index; at < checks.length; ++at) {
    const { part, read, schema } = checks[at];
    const value = read(request);
    const result = isPromise(value) ? later(value, (given) => schema.validate(given)) : schema.validate(value);
    if (isPromise(result)) {
      return later(result, (found) => {
        accept(checked, part, found);
        return run(checks, at + 1, request, checked);
      });
    }
    accept(checked, part, result);
  }
}

/** What a handler has returned, as the schema of responses makes it. */
function checkAnswer(schema: Schema["~standard"], answer: unknown): Answer | Promise<Answer> {
  if (answer instanceof HttpResponse) return answer;
  const take = (result: SchemaResult<unknown>): Answer => {
    if (!result.issues) return result.value as Answer;
    const [{ message, path }] = result.issues;
    throw new TypeError(`the handler's answer is not what its schema says: ${pointerOf(path)} ${message}`);
  };
  const result = schema.validate(answer);
  return isPromise(result) ? later(result, take) : take(result);
}

const PARTS = ["params", "query", "headers", "body", "response"] as const;

/** The checker in a schema; throws a TypeError that names the route where it is none. */
function checkerOf(schemas: Schemas, part: keyof Schemas, label: string): Schema["~standard"] {
  const checker = schemas[part]?.["~standard"];
  if (typeof checker?.validate === "function") return checker;
  throw new TypeError(`the schema ${part} of ${label} is no Standard Schema`);
}

/**
 * A handler that gets only what its schemas let through, as `request.valid`, params first and content last; the first
 * part that is wrong throws a ValidationError. Throws a TypeError that names the route where a schema makes no sense.
 */
export function checked(schemas: Schemas, handler: Handler, label: string): Handler {
  for (const name of Object.keys(schemas)) {
    if (!PARTS.includes(name as keyof Schemas))
      throw new TypeError(`${label} has no part ${name} for a schema to check`);
  }
  const parts = PARTS.filter((part) => part !== "response" && schemas[part] !== undefined) as RequestPart[];
  const checks = parts.map((part) => ({ part, read: READERS[part], schema: checkerOf(schemas, part, label) }));
  const answering =
    schemas.response === undefined ? handler : answeringAs(checkerOf(schemas, "response", label), handler);
  return (request) => {
    const values: Checked = {};
    const done = run(checks, 0, request, values);
    request.valid = values;
    return isPromise(done) ? later(done, () => answering(request)) : answering(request);
  };
}

function answeringAs(schema: Schema["~standard"], handler: Handler): Handler {
  return (request) => {
    const answer = handler(request);
    return isPromise(answer) ? later(answer, (value) => checkAnswer(schema, value)) : checkAnswer(schema, answer);
  };
}
