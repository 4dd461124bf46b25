/** The schemas of a document that are written once and referred to. */
import type { Schema } from "../../app/index.ts";
import type { JsonSchema } from "./document.ts";
import { type Convert, type Side, toJsonSchema } from "./json-schema.ts";

/** Keywords whose values are data, in which nothing refers to schemas. */
const DATA: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples"]);
/** Keywords whose values have schemas by names of any kind. */
const NAMED: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas"]);
/** Keywords of a document by itself, which a schema within another has no more. */
const OWN: ReadonlySet<string> = new Set(["$schema", "$id", "$defs", "definitions"]);

/** Keywords of what is worth a name of its own where it is needed again. */
const COMPOUND = ["properties", "additionalProperties", "anyOf", "oneOf", "allOf"];

/** A schema with every reference in it as `refer` gives it. */
function rewrite(schema: unknown, refer: (reference: string) => string): unknown {
  if (Array.isArray(schema)) return schema.map((each) => rewrite(each, refer));
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === "$ref" && typeof value === "string") return [key, refer(value)];
    if (DATA.has(key)) return [key, value];
    if (!NAMED.has(key)) return [key, rewrite(value, refer)];
    return [key, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rewrite(each, refer)]))];
  });
  return Object.fromEntries(entries);
}

function withoutOwn(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !OWN.has(key)));
}

/** The definition that a reference within a schema leads to, and the way on from there; null for the schema itself. */
function readReference(reference: string): { name: string | null; rest: string } {
  const [, name, rest = ""] = /^#\/(?:\$defs|definitions)\/([^/]+)(.*)$/s.exec(reference) ?? [];
  if (name === undefined) return { name: null, rest: reference.slice(1) };
  return { name: decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~"), rest };
}

/** A JSON Schema with the definitions that it refers to. */
interface Whole {
  readonly schema: JsonSchema;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  /** Whether it refers to itself. */
  readonly recursive: boolean;
}

function wholeOf(given: JsonSchema): Whole {
  const definitions = (given.$defs ?? given.definitions ?? {}) as Whole["definitions"];
  const schema = withoutOwn(given);
  let recursive = false;
  rewrite(schema, (reference) => {
    recursive ||= reference === "#";
    return reference;
  });
  return { schema, definitions, recursive };
}

/** Definitions that one leads to, itself among them, as text: what makes it the same as another. */
function textOf(name: string, definitions: Whole["definitions"]): string {
  const found = new Map<string, JsonSchema>();
  const visit = (each: string) => {
    const definition = definitions[each];
    if (found.has(each) || definition === undefined) return;
    found.set(each, definition);
    rewrite(definition, (reference) => {
      const { name: next } = readReference(reference);
      if (next !== null) visit(next);
      return reference;
    });
  };
  visit(name);
  return JSON.stringify([...found]);
}

/** A name as components may have it (OpenAPI §4.8.7). */
function nameFrom(text: string): string {
  return text.replace(/[^\w.-]+/g, "_").replace(/^_+/, "") || "Schema";
}

export class Components {
  /** By their names, in the order they were first needed. */
  readonly schemas: Record<string, JsonSchema> = {};
  readonly #own: Convert | undefined;
  readonly #converted: Readonly<Record<Side, Map<Schema, JsonSchema>>> = { input: new Map(), output: new Map() };
  /** How often a schema is needed, by its text. */
  readonly #needed = new Map<string, number>();
  /** Names of what is among the components, by its text. */
  readonly #names = new Map<string, string>();

  /** Whether components are what is taken or what is given, by their names. */
  readonly #sides = new Map<string, Side>();

  constructor(own: Convert | undefined) {
    this.#own = own;
  }

  /** A schema as its library says it. */
  convert(schema: Schema, side: Side): JsonSchema {
    const known = this.#converted[side].get(schema);
    if (known !== undefined) return known;
    const made = toJsonSchema(schema, side, this.#own);
    this.#converted[side].set(schema, made);
    return made;
  }

  /** Takes note that a schema is needed: what is needed again becomes a component. */
  note(schema: Schema, side: Side): void {
    const text = JSON.stringify(this.convert(schema, side));
    this.#needed.set(text, (this.#needed.get(text) ?? 0) + 1);
  }

  /** Adds a component; gives its name. `make` is told what leads to it. */
  #add(hint: string, side: Side, text: string, make: (reference: string) => JsonSchema): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    let name = nameFrom(hint);
    // What is taken often differs from what is given.
    const other = this.#sides.get(name) ?? side;
    if (other !== side) name += side === "input" ? "Input" : "Output";
    for (let count = 2; Object.hasOwn(this.schemas, name); ++count) name = `${nameFrom(hint)}${count}`;
    this.#names.set(text, name);
    this.#sides.set(name, side);
    // Its place is taken before what it refers to takes others, itself perhaps.
    this.schemas[name] = {};
    this.schemas[name] = make(`#/components/schemas/${name}`);
    return name;
  }

  /** A schema as it stands in the document; `hint` names it where it becomes a component without a title. */
  schemaOf(schema: Schema, side: Side, hint: string): JsonSchema {
    const given = this.convert(schema, side);
    const whole = wholeOf(given);
    const text = JSON.stringify(given);
    const name = typeof whole.schema.title === "string" ? whole.schema.title : hint;
    const repeated = (this.#needed.get(text) ?? 0) > 1 && COMPOUND.some((keyword) => keyword in whole.schema);
    if (!repeated && !whole.recursive) return this.#placed(whole, side, name, "");
    const added = this.#add(name, side, text, (self) => this.#placed(whole, side, name, self));
    return { $ref: `#/components/schemas/${added}` };
  }

  /** What stands where a schema refers to a component. */
  resolve(schema: JsonSchema): JsonSchema {
    const [, name] = /^#\/components\/schemas\/([^/]+)$/.exec(String(schema.$ref)) ?? [];
    return name === undefined ? schema : this.schemas[name];
  }

  /** A schema with its definitions among the components, and its references as they are there. */
  #placed({ schema, definitions }: Whole, side: Side, hint: string, self: string): JsonSchema {
    const place = (body: unknown): JsonSchema =>
      rewrite(body, (reference) => {
        const { name, rest } = readReference(reference);
        if (name === null) return `${self}${rest}`;
        if (definitions[name] === undefined) return reference;
        const wanted = name.startsWith("__") ? `${hint}Part` : name;
        const text = textOf(name, definitions);
        const added = this.#add(wanted, side, text, () => place(definitions[name]));
        return `#/components/schemas/${added}${rest}`;
      }) as JsonSchema;
    return place(schema);
  }
}
