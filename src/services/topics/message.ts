/** Messages as they travel: in JSON, which every transport can carry, with bytes in base64. */

/** A message on its way, and who has sent it. Other programs may leave `from` out. */
type Envelope = { readonly from?: string } & ({ readonly message: unknown } | { readonly bytes: string });

/** A message that is given to receivers. */
export class Delivery {
  readonly topic: string;
  /** As it was published. */
  readonly message: unknown;
  #content: string | Uint8Array | undefined;

  constructor(topic: string, message: unknown, content?: string | Uint8Array) {
    this.topic = topic;
    this.message = message;
    this.#content = content;
  }

  /** As text or bytes; made once for all receivers, and only where one asks for it. */
  get content(): string | Uint8Array {
    this.#content ??= toContent(this.message);
    return this.#content;
  }
}

/**
 * What a message is to receivers of text or bytes: anything but those is JSON. Throws a TypeError for what JSON cannot
 * say.
 */
export function toContent(message: unknown): string | Uint8Array {
  if (typeof message === "string" || message instanceof Uint8Array) return message;
  const text = JSON.stringify(message);
  if (text === undefined) throw new TypeError(`a message is text, bytes or what JSON can say, not ${typeof message}`);
  return text;
}

/** A message packed for its way. */
export function pack(message: unknown, from?: string): string {
  if (!(message instanceof Uint8Array)) return JSON.stringify({ from, message });
  const { buffer, byteOffset, byteLength } = message;
  return JSON.stringify({ from, bytes: Buffer.from(buffer, byteOffset, byteLength).toString("base64") });
}

/** What was packed, by whomever; text that is no such thing is a message itself. */
export function unpack(text: string): { readonly from: string | undefined; readonly message: unknown } {
  const { from, ...content } = parse(text) ?? { message: text };
  if ("message" in content) return { from, message: content.message };
  const { buffer, byteOffset, byteLength } = Buffer.from(content.bytes, "base64");
  return { from, message: new Uint8Array(buffer, byteOffset, byteLength) };
}

function parse(text: string): Envelope | null {
  let value: { readonly message?: unknown; readonly bytes?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  return "message" in value || typeof value.bytes === "string" ? (value as Envelope) : null;
}
