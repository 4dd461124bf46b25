/** Range, made such that the library reads it as RFC 9110 §14.1 means it. */

/** int-range = first-pos "-" [ last-pos ], suffix-range = "-" suffix-length */
const SPEC = /^(\d*)-(\d*)$/;

/**
 * The value of Range for a file of a size, with ranges that count from the end counted from the beginning: of those the
 * library takes one that is longer than the file for none. Undefined where it is to be ignored: another unit than
 * bytes, what is not written as it must be, and a file that has no bytes to choose from (§14.2).
 */
export function readableRange(range: string, size: number): string | undefined {
  const [unit, ...rest] = range.split("=");
  if (unit.toLowerCase() !== "bytes" || rest.length !== 1 || size === 0) return undefined;
  const specs: string[] = [];
  for (const text of rest[0].split(",")) {
    const spec = SPEC.exec(text.trim());
    if (spec === null || spec[0] === "-") return undefined;
    const [, first, last] = spec;
    if (first !== "" && last !== "" && Number(first) > Number(last)) return undefined;
    specs.push(first === "" ? `${Math.max(size - Number(last), 0)}-` : spec[0]);
  }
  return `bytes=${specs.join(",")}`;
}
