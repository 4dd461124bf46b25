/** What of an OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.0) is made here, as types. */
import type { SecurityScheme } from "../../app/index.ts";

/** JSON Schema 2020-12, of which OpenAPI 3.1 has its schemas. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** To a part of `components`. */
export interface Reference {
  readonly $ref: string;
}

export interface ParameterObject {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface RequestBody {
  readonly description?: string;
  readonly required: boolean;
  readonly content: Content;
}

export interface ResponseObject {
  readonly description: string;
  readonly content?: Content;
}

export type Responses = Readonly<Record<string, ResponseObject | Reference>>;

/** Names of schemes, all of which are needed, with what they have to allow for. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

export interface ServerObject {
  readonly url: string;
  readonly description?: string;
  readonly variables?: Readonly<Record<string, { readonly default: string; readonly description?: string }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
  readonly parameters?: readonly ParameterObject[];
  readonly requestBody?: RequestBody;
  readonly responses: Responses;
  readonly security?: readonly SecurityRequirement[];
  readonly servers?: readonly ServerObject[];
}

/** Methods that a path can have operations for (§4.8.9.1). */
export const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
export type Method = (typeof METHODS)[number];

export type PathItem = { description?: string } & { [M in Method]?: Operation };

export interface Info {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: Info;
  readonly servers?: readonly ServerObject[];
  readonly tags?: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  };
  readonly security?: readonly SecurityRequirement[];
}
