/** Path patterns as OpenAPI writes paths. */
import { type Kind, kindsWith } from "../../router/converters.ts";
import { convert, type Parameter, type Part } from "../../router/pattern.ts";
import { readPattern } from "../../router/reader.ts";
import { variantsOf } from "../../router/variants.ts";
import type { JsonSchema, ParameterObject } from "./document.ts";

/** A path that a pattern stands for. */
export interface DocumentedPath {
  /** With its parameters in braces. */
  readonly path: string;
  readonly parameters: readonly ParameterObject[];
  /** What is told of parameters that are missing in it and have a default. */
  readonly note: string | undefined;
}

/** A kind that an application has added, of which nothing but its name is known here. */
function foreignKind(key: string): Kind {
  return { key, rank: 0, parse: (text) => text, format: String, foreign: true };
}

/** The kinds there are, and any other by its name: the application has made sure that it knows them. */
class Kinds extends Map<string, Kind> {
  override get(key: string): Kind {
    return super.get(key) ?? foreignKind(key);
  }
}

const KINDS = new Kinds(kindsWith(undefined));

const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  int: { type: "integer" },
  float: { type: "number" },
  bool: { type: "boolean" },
  uuid: { type: "string", format: "uuid" },
  date: { type: "string", format: "date" },
  hex: { type: "string", pattern: "^[\\dA-Fa-f]+$" },
  alpha: { type: "string", pattern: "^[A-Za-z]+$" },
  alnum: { type: "string", pattern: "^[\\dA-Za-z]+$" },
  slug: { type: "string", pattern: "^[\\da-z]+(?:-[\\da-z]+)*$" },
};

function schemaOfKind({ key }: Kind): JsonSchema {
  const [, source] = /^re\((.*)\)$/s.exec(key) ?? [];
  if (source !== undefined) return { type: "string", pattern: `^(?:${source})$` };
  return Object.hasOwn(SCHEMAS, key) ? SCHEMAS[key] : { type: "string" };
}

/** The default of a parameter as JSON has it; of a date its text. */
function defaultOf({ kinds, fallback = "" }: Parameter): unknown {
  const value = convert(kinds, fallback);
  return typeof value === "object" ? fallback : value;
}

function schemaOf(parameter: Parameter): JsonSchema {
  const schemas = parameter.kinds.map(schemaOfKind);
  const schema = schemas.length === 1 ? schemas[0] : { anyOf: schemas };
  return parameter.fallback === undefined ? schema : { ...schema, default: defaultOf(parameter) };
}

function parameterOf(parameter: Parameter): ParameterObject {
  const { name, rest } = parameter;
  return {
    name,
    in: "path",
    required: true,
    // A value with slashes is more than a parameter of OpenAPI can have (§4.8.12.1), but nothing comes nearer.
    ...(rest && { description: "The rest of the path, which may have slashes." }),
    schema: schemaOf(parameter),
  };
}

function pathOf(steps: readonly Part[]): string {
  return steps
    .flat()
    .map((part) => (typeof part === "string" ? part : `{${part.name}}`))
    .join("");
}

/** The paths that a pattern stands for, one for each way in which its optional segments may be missing, the whole last. */
export function pathsOf(pattern: string): DocumentedPath[] {
  const read = readPattern(pattern, pattern, { kinds: KINDS, segments: new Map() });
  return variantsOf(read, pattern, null).map(({ steps, missing }) => ({
    path: pathOf(steps),
    parameters: steps.flatMap((step) =>
      typeof step === "string" ? [] : step.filter((part) => typeof part === "object").map(parameterOf),
    ),
    note: missing.length === 0 ? undefined : missing.map((each) => `\`${each.name}\` is ${each.fallback}.`).join(" "),
  }));
}
