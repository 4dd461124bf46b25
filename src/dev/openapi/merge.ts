/** Operations that OpenAPI cannot tell apart: it knows a path by its fixed text, whatever its parameters are. */
import type { Operation, ParameterObject } from "./document.ts";

/** What two paths have in common that are the same to OpenAPI (§4.8.8.1). */
export function shapeOf(path: string): string {
  return path.replace(/\{[^}]*\}/g, "{}");
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
}

/** The operation of a path with the parameters of another path of the same shape. */
export function renamed(operation: Operation, from: string, to: string): Operation {
  if (from === to) return operation;
  const [before, after] = [namesIn(from), namesIn(to)];
  const parameters = operation.parameters?.map((parameter): ParameterObject => {
    const name = after[before.indexOf(parameter.name)];
    if (parameter.in !== "path" || name === undefined || name === parameter.name) return parameter;
    const description = [`Called \`${parameter.name}\` there.`, parameter.description].filter(Boolean).join(" ");
    return { ...parameter, name, description };
  });
  return { ...operation, ...(parameters && { parameters }) };
}

/** A parameter that takes what either of two takes. */
function either(one: ParameterObject, other: ParameterObject | undefined): ParameterObject {
  if (other === undefined) return one.in === "path" ? one : { ...one, required: false };
  const schemas = [one, other].flatMap(({ schema }) => (Array.isArray(schema.anyOf) ? schema.anyOf : [schema]));
  const all = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  return { ...one, required: one.required && other.required, schema: all.length === 1 ? one.schema : { anyOf: all } };
}

/** One operation for two routes: it is the first, takes what either takes, and tells of the other; `label` names that. */
export function merged(first: Operation, second: Operation, label: string): Operation {
  const [ours, theirs] = [first.parameters ?? [], second.parameters ?? []];
  const same = (one: ParameterObject) => (other: ParameterObject) => one.name === other.name && one.in === other.in;
  const parameters = [
    ...ours.map((one) => either(one, theirs.find(same(one)))),
    ...theirs.filter((one) => !ours.some(same(one))).map((one) => ({ ...one, required: one.in === "path" })),
  ];
  const { servers: _, ...rest } = first;
  const servers = first.servers && second.servers ? [...first.servers, ...second.servers] : undefined;
  const also = `Also served here: \`${label}\`${second.summary === undefined ? "" : `, ${second.summary}`}`;
  const requestBody = first.requestBody ?? second.requestBody;
  return {
    ...rest,
    description: [first.description, also].filter((each) => each !== undefined).join("\n\n"),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: { ...second.responses, ...first.responses },
    ...(servers && { servers }),
  };
}
