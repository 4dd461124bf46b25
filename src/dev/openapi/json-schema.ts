/** Schemas of routes as JSON Schema, by the library that they are of. */
import type { Schema } from "../../app/index.ts";
import { fromInstalled } from "../installed.ts";
import type { JsonSchema } from "./document.ts";

/** What a schema takes, or what it gives. */
export type Side = "input" | "output";

/** Makes JSON Schema of a schema; undefined where it cannot. */
export type Convert = (schema: Schema, side: Side) => JsonSchema | undefined;

const TARGET = "draft-2020-12";

/** Standard JSON Schema (standardschema.dev/json-schema), which libraries have beside Standard Schema. */
interface WithJsonSchema {
  readonly jsonSchema?: {
    readonly [S in Side]: (options: { readonly target: string; readonly libraryOptions?: object }) => JsonSchema;
  };
}

/** A function of a package that an application has for its schemas; undefined where it has none. */
function functionOf(name: string, key: string): ((schema: Schema, options: object) => JsonSchema) | undefined {
  return fromInstalled((require) => require(name)[key]) ?? undefined;
}

/** A schema of zod and what became of it, which may be changed. */
interface ZodOverride {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly type: string } } };
  readonly jsonSchema: Record<string, unknown>;
}

/** How zod converts: what JSON Schema cannot say is anything, with a note. */
function zodOptions(side: Side): object {
  return {
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }: ZodOverride) => {
      const { type } = zodSchema._zod.def;
      if (Object.keys(jsonSchema).length > 0 || type === "any" || type === "unknown") return;
      // What is sent of a date is its text.
      if (type === "date" && side === "output") Object.assign(jsonSchema, { type: "string", format: "date-time" });
      else jsonSchema.description = `What zod calls ${type}; JSON Schema has no such thing.`;
    },
  };
}

/** What to do where a library has no Standard JSON Schema itself: zod before 4.2, and valibot. */
const OTHERS: Readonly<Record<string, Convert>> = {
  zod: (schema, side) => {
    return functionOf("zod", "toJSONSchema")?.(schema, { target: TARGET, io: side, ...zodOptions(side) });
  },
  valibot: (schema, side) => {
    const convert = functionOf("@valibot/to-json-schema", "toJsonSchema");
    return convert?.(schema, { target: TARGET, typeMode: side, errorMode: "ignore" });
  },
};

function converted(schema: Schema, side: Side): JsonSchema | undefined {
  const standard = schema["~standard"];
  const { jsonSchema } = standard as WithJsonSchema;
  if (jsonSchema === undefined) return OTHERS[standard.vendor]?.(schema, side);
  const libraryOptions = standard.vendor === "zod" ? { libraryOptions: zodOptions(side) } : {};
  return jsonSchema[side]({ target: TARGET, ...libraryOptions });
}

function unknown({ vendor }: Schema["~standard"], reason: string): JsonSchema {
  const install = vendor === "valibot" ? " (`npm install @valibot/to-json-schema` and it can)" : "";
  return { description: `Checked by a schema of ${vendor} that could not be converted${install}${reason}.` };
}

/**
 * A schema as JSON Schema 2020-12: by `own`, where that gives something, by Standard JSON Schema, or by what is known of
 * its library. What cannot be converted allows anything, with a note that says so. Never throws but what `own` does.
 */
export function toJsonSchema(schema: Schema, side: Side, own: Convert | undefined): JsonSchema {
  const given = own?.(schema, side);
  if (given !== undefined) return given;
  try {
    const made = converted(schema, side);
    // Through JSON, which not all that libraries give can be said in: a default may be anything.
    return made === undefined || made === null ? unknown(schema["~standard"], "") : JSON.parse(JSON.stringify(made));
  } catch (error) {
    return unknown(schema["~standard"], `: ${error instanceof Error ? error.message : error}`);
  }
}
