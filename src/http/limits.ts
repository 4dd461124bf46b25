/** What the content of a request may ask of whoever reads it. How many bytes it may have the server says (maxBodySize). */

/** Limits of multipart content, which `request.multipart` takes as options too. Sizes in bytes. */
export interface MultipartLimits {
  /** Parts that `multipart` gives; beyond it 413. */
  readonly maxParts: number;
  /** Bytes of the content of one part; beyond it 413. Infinity where maxBodySize is all that bounds it. */
  readonly maxPartSize: number;
  /** Bytes of a part's name; beyond it 413. */
  readonly maxPartNameSize: number;
  /** Header fields of a part; beyond it 413. */
  readonly maxPartHeaders: number;
  /** Bytes of the names and values of a part's header fields, without what stands between them; beyond it 413. */
  readonly maxPartHeaderSize: number;
}

/** All limits of content. */
export interface ContentLimits extends MultipartLimits {
  /** Levels of arrays and objects in one another that `json` takes; beyond it 400. */
  readonly maxJsonDepth: number;
  /** Entries of a form that `form` takes, of either encoding; beyond it 413. */
  readonly maxFormFields: number;
}

/**
 * Deeper JSON than 512 levels nobody writes, but what walks it by calling itself may run out of stack. Forms of people
 * have tens of fields, and those of programs hundreds. A part has three header fields at the most that count
 * (RFC 7578 §4.8); a file name has 255 bytes on most systems.
 */
export const DEFAULT_CONTENT_LIMITS: ContentLimits = {
  maxJsonDepth: 512,
  maxFormFields: 1000,
  maxParts: 100,
  maxPartSize: Number.POSITIVE_INFINITY,
  maxPartNameSize: 100,
  maxPartHeaders: 20,
  maxPartHeaderSize: 4096,
};

/** The limits that options set, the others as they were. Throws a RangeError where one is no whole number of at least 1. */
export function contentLimits(
  options: Partial<ContentLimits>,
  defaults: ContentLimits = DEFAULT_CONTENT_LIMITS,
): ContentLimits {
  const limits: Record<string, number> = {};
  for (const name of Object.keys(DEFAULT_CONTENT_LIMITS) as (keyof ContentLimits)[]) {
    const value: unknown = options[name] === undefined ? defaults[name] : options[name];
    limits[name] = checkLimit(name, value);
  }
  return limits as unknown as ContentLimits;
}

function checkLimit(name: keyof ContentLimits, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 1) return value as number;
  if (name === "maxPartSize" && value === Number.POSITIVE_INFINITY) return value;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new RangeError(`${name} must be a whole number of at least 1, not ${shown}`);
}
