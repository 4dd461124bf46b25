/** What the name of a file says of its content. */
import { extname } from "node:path";
import { BINARY } from "../http/index.ts";

/** The Content-Type that the extension of a name means; text is taken for UTF-8, and what is not known for octets. */
export async function contentTypeOf(name: string): Promise<string> {
  // Loaded only where files are served.
  const { mimes } = await import("mrmime");
  const extension = extname(name).slice(1).toLowerCase();
  // The table has a prototype, and so a "constructor".
  const type = Object.hasOwn(mimes, extension) ? mimes[extension] : BINARY;
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}
