/** The responses of operations: what routes say themselves, and the errors that can happen. */
import type { ResponseDoc, RouteInfo } from "../../app/index.ts";
import { REASON_PHRASES } from "../../h1/status.ts";
import type { Components } from "./components.ts";
import type { Docstring } from "./docstring.ts";
import type { Content, JsonSchema, Reference, ResponseObject, Responses } from "./document.ts";

/** Problem details (RFC 9457 §3.1), with what a ValidationError adds. */
export const PROBLEM: JsonSchema = {
  type: "object",
  properties: {
    type: { type: "string", format: "uri-reference", default: "about:blank" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: {
      type: "array",
      description: "What is wrong with a request, where its schemas refuse it.",
      items: {
        type: "object",
        properties: {
          in: { type: "string", enum: ["params", "query", "headers", "body"] },
          pointer: { type: "string", description: "A JSON Pointer as a fragment of a URI (RFC 6901 §6)." },
          detail: { type: "string" },
        },
      },
    },
  },
};

const PROBLEM_CONTENT: Content = {
  "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  "text/plain": { schema: { type: "string" } },
};

/** What errors mean where they happen by themselves. */
const ERRORS = {
  400: "The request is malformed, or not what it has to be.",
  401: "The client has to say who it is.",
  404: "There is nothing at this path.",
  413: "The content is too large.",
  415: "The content is of another type than is taken.",
  422: "The content is not what it has to be.",
} as const;
export type ErrorStatus = keyof typeof ERRORS;

function nameOf(status: ErrorStatus): string {
  return REASON_PHRASES[status].replaceAll(" ", "");
}

/** The responses that operations refer to, by name; `used` are those that one refers to. */
export function sharedResponses(used: ReadonlySet<ErrorStatus>): Record<string, ResponseObject> {
  const errors = ([...used] as ErrorStatus[]).sort((a, b) => a - b);
  return Object.fromEntries([
    ["Error", { description: "Something has gone wrong.", content: PROBLEM_CONTENT }],
    ...errors.map((status) => [nameOf(status), { description: ERRORS[status], content: PROBLEM_CONTENT }]),
  ]);
}

function reference(name: string): Reference {
  return { $ref: `#/components/responses/${name}` };
}

/** What JSON of a schema is. */
function json(schema: JsonSchema): { readonly content: Content } {
  return { content: { "application/json": { schema } } };
}

/** The response of a status that a route tells of itself. */
function told(status: string, doc: string | ResponseDoc, hint: string, components: Components): ResponseObject {
  const { description, schema } = typeof doc === "string" ? { description: doc } : doc;
  if (schema !== undefined) return { description, ...json(components.schemaOf(schema, "output", hint)) };
  const isError = status === "default" || /^[45]/.test(status);
  return { description, ...(isError && { content: PROBLEM_CONTENT }) };
}

/** What is answered where all goes well, and no status is named. */
function success(route: RouteInfo, comment: Docstring | null, hint: string, components: Components): ResponseObject {
  const told = route.doc?.responses?.[200];
  const description = (typeof told === "string" ? told : told?.description) ?? (comment?.returns?.description || "OK");
  const { response } = route.schema ?? {};
  if (response !== undefined) return { description, ...json(components.schemaOf(response, "output", hint)) };
  const { schema = {} } = comment?.returns ?? {};
  return { description, ...(Object.keys(schema).length > 0 && json(schema)) };
}

/** The responses of a route; `errors` are those that can happen before its handler is called. */
export function responsesOf(
  route: RouteInfo,
  comment: Docstring | null,
  errors: readonly ErrorStatus[],
  hint: string,
  components: Components,
): Responses {
  const given = Object.entries(route.doc?.responses ?? {}).flatMap(([status, doc]) =>
    doc === undefined ? [] : [[status, told(status, doc, hint, components)] as const],
  );
  const named = given.some(([status]) => /^[123]/.test(status));
  const checked = route.schema?.response !== undefined && typeof route.doc?.responses?.[200] !== "object";
  return {
    ...(!named || checked ? { 200: success(route, comment, hint, components) } : {}),
    ...Object.fromEntries(errors.map((status) => [status, reference(nameOf(status))])),
    default: reference("Error"),
    ...Object.fromEntries(given.filter(([status]) => !(checked && status === "200"))),
  };
}
