/** From the values that a console would take to what a line of JSON says: fields, and a text. */
import { format } from "node:util";

type Fields = Record<string, unknown>;

const PLACEHOLDER = /%[sdifjoOc]/;

/** The fields that a value has to tell, null where it is better shown as text. Never throws. */
function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== "object" || value === null) return null;
  try {
    if (value instanceof Error) return { err: value };
    if (Array.isArray(value)) return null;
    const { toJSON } = value as { toJSON?: () => unknown };
    const told = typeof toJSON === "function" ? toJSON.call(value) : value;
    if (typeof told !== "object" || told === null) return null;
    // A Map has none, and is shown as what it is; of a request that is over nothing can be told.
    return Object.keys(told).length > 0 ? { ...told } : null;
  } catch {
    return null;
  }
}

/**
 * The fields and the text of a line. The fields are those of all objects among the values, and `err` is the first error;
 * what is left is the text, formatted as by a console. Values after a text with placeholders belong to that text.
 */
export function arrange(values: readonly unknown[]): [fields: Fields | null, text: string | undefined] {
  const fields: Fields = {};
  const words: unknown[] = [];
  for (const [index, value] of values.entries()) {
    if (typeof value === "string" && words.length === 0 && PLACEHOLDER.test(value)) {
      words.push(...values.slice(index));
      break;
    }
    const told = fieldsOf(value);
    if (told === null || (told.err === value && "err" in fields)) words.push(value);
    else Object.assign(fields, told);
  }
  const text = words.length === 0 || (words.length === 1 && typeof words[0] === "string") ? words[0] : format(...words);
  return [Object.keys(fields).length > 0 ? fields : null, text as string | undefined];
}
