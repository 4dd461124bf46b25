/** Exchanges as they are kept in a file, for people to read. */

/** Content: JSON as its value where it is written in the usual way, else text, else bytes. */
export type RecordedBody = { readonly json: unknown } | { readonly text: string } | { readonly base64: string };

export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RecordedBody;
}

export interface RecordedResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: RecordedBody;
}

export interface RecordedExchange {
  readonly request: RecordedRequest;
  readonly response: RecordedResponse;
}

/** Content as it is kept; undefined where there is none. */
export function recordBody(bytes: Uint8Array): RecordedBody | undefined {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
  try {
    const json: unknown = JSON.parse(text);
    // Otherwise what is replayed would not be what came.
    if (JSON.stringify(json) === text) return { json };
  } catch {}
  return { text };
}

/** Content as it came. */
export function replayBody(body: RecordedBody | undefined): Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  if ("base64" in body) return new Uint8Array(Buffer.from(body.base64, "base64"));
  return new TextEncoder().encode("text" in body ? body.text : JSON.stringify(body.json));
}
