/** What an operation takes: parameters and content. */
import type { RouteInfo, Schema } from "../../app/index.ts";
import { quiet } from "../../h1/quiet.ts";
import type { Components } from "./components.ts";
import type { Docstring, ToldParameter } from "./docstring.ts";
import type { Content, JsonSchema, ParameterObject, RequestBody } from "./document.ts";

/** What an operation takes, and what could not be told of it in parameters. */
export interface Inputs {
  readonly parameters: readonly ParameterObject[];
  readonly requestBody: RequestBody | undefined;
  readonly notes: readonly string[];
}

/** Fields that OpenAPI tells of elsewhere (§4.8.12.2.1). */
const OTHER_FIELDS: ReadonlySet<string> = new Set(["accept", "content-type", "authorization"]);
const WITH_CONTENT: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

interface Properties {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** The properties of an object as parameters; null where the schema does not tell them. */
function parametersFrom(schema: JsonSchema, place: "query" | "header"): ParameterObject[] | null {
  const { properties, required = [] } = schema as Properties;
  if (properties === undefined) return null;
  return Object.entries(properties)
    .filter(([name]) => place === "query" || !OTHER_FIELDS.has(name.toLowerCase()))
    .map(([name, each]) => {
      const { description, ...rest } = each;
      const text = typeof description === "string" ? { description } : {};
      return { name, in: place, required: required.includes(name), ...text, schema: rest };
    });
}

/** A parameter of the path with what the schema of the parameters says of it. */
function checkedBy(schema: JsonSchema, parameter: ParameterObject): ParameterObject {
  const given = (schema as Properties).properties?.[parameter.name];
  if (given === undefined) return parameter;
  const { description = parameter.description, ...rest } = given;
  const narrower = Object.keys(rest).length > 0 ? rest : parameter.schema;
  return { ...parameter, ...(typeof description === "string" && { description }), schema: narrower };
}

/** A parameter with what a comment says of it, where nothing else does. */
function describedBy(comment: Docstring | null, parameter: ParameterObject): ParameterObject {
  const told = comment?.parameters.find(({ name }) => name === parameter.name);
  return told && parameter.description === undefined && told.description !== ""
    ? { ...parameter, description: told.description }
    : parameter;
}

function isTextual(schema: JsonSchema): boolean {
  const { type, items } = schema as { type?: unknown; items?: JsonSchema };
  return type === "array" ? items !== undefined && isTextual(items) : type === "string";
}

/** Content by the types that a schema may be sent as: a form has text alone. */
function contentOf(placed: JsonSchema, given: JsonSchema): Content {
  const { properties } = given as Properties;
  const json = { "application/json": { schema: placed } };
  if (properties === undefined || !Object.values(properties).every(isTextual)) return json;
  const form = { schema: placed };
  return { ...json, "application/x-www-form-urlencoded": form, "multipart/form-data": form };
}

/** Whether a schema takes that nothing is there. */
function takesNothing(schema: Schema): boolean {
  try {
    const result = schema["~standard"].validate(undefined);
    if (result instanceof Promise) {
      quiet(result);
      return false;
    }
    return (result as { issues?: unknown }).issues === undefined;
  } catch {
    return false;
  }
}

/** The content that a comment tells of, as an object of JSON. */
function contentFrom(told: readonly ToldParameter[]): Content {
  const properties = told.map(({ name, schema, description }) => [
    name,
    description === "" ? schema : { ...schema, description },
  ]);
  const required = told.filter((each) => each.required).map(({ name }) => name);
  const schema = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
  return { "application/json": { schema } };
}

function bodyOf(
  { schema, maxBodySize, method }: RouteInfo,
  told: readonly ToldParameter[],
  hint: string,
  components: Components,
): RequestBody | undefined {
  const limit = maxBodySize === undefined ? {} : { description: `At most ${maxBodySize} bytes.` };
  const body = schema?.body;
  if (body !== undefined) {
    const content = contentOf(components.schemaOf(body, "input", hint), components.convert(body, "input"));
    return { ...limit, required: !takesNothing(body), content };
  }
  if (!WITH_CONTENT.has(method)) return undefined;
  if (told.length > 0) return { ...limit, required: told.some(({ required }) => required), content: contentFrom(told) };
  return maxBodySize === undefined ? undefined : { ...limit, required: false, content: { "*/*": { schema: {} } } };
}

/** What a route takes whose path has these parameters; `hint` names its content. */
export function inputsOf(
  route: RouteInfo,
  ofPath: readonly ParameterObject[],
  comment: Docstring | null,
  hint: string,
  components: Components,
): Inputs {
  const { params, query, headers } = route.schema ?? {};
  const notes: string[] = [];
  const expanded = (schema: Schema | undefined, place: "query" | "header"): ParameterObject[] => {
    if (schema === undefined) return [];
    const [what, name] = place === "query" ? ["query", "Query"] : ["header fields", "Headers"];
    const given = components.resolve(components.schemaOf(schema, "input", `${hint}${name}`));
    const found = parametersFrom(given, place);
    if (found === null) notes.push(`Of the ${what}: ${given.description ?? `\`${JSON.stringify(given)}\``}`);
    return found ?? [];
  };
  const checks = params === undefined ? {} : components.resolve(components.schemaOf(params, "input", `${hint}Params`));
  const known = [
    ...ofPath.map((parameter) => checkedBy(checks, parameter)),
    ...expanded(query, "query"),
    ...expanded(headers, "header"),
  ];
  const others = (comment?.parameters ?? []).filter(({ name }) => !known.some((each) => each.name === name));
  const inContent = WITH_CONTENT.has(route.method);
  const asQuery = inContent || query !== undefined ? [] : others;
  const told = asQuery.map(({ name, schema, description, required }): ParameterObject => {
    return { name, in: "query", required, ...(description !== "" && { description }), schema };
  });
  const ofContent = inContent ? others : [];
  return {
    parameters: [...known.map((parameter) => describedBy(comment, parameter)), ...told],
    requestBody: bodyOf(route, ofContent, `${hint}Body`, components),
    notes,
  };
}
