/** Answers as they are kept. */
import { type BodyStream, HttpHeaders, type HttpResponse } from "../../http/index.ts";
import { KeptResponse } from "../kept.ts";
import { Through } from "../through.ts";

/** What is kept of an answer. */
export interface KeptAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array | null;
  /** When it was made, in milliseconds. */
  readonly made: number;
  /** Whether caches further out are told how long it is fresh, and so must know its age. */
  readonly ages: boolean;
}

/** Not for others than who has asked, or not without asking again (RFC 9111 §5.2.2). */
const NOT_SHARED = /(?:^|[\s,])(?:no-store|no-cache|private)(?=$|[\s,=])/i;

/** Whether an answer may be given to others, whatever the application thinks of it; `vary` are the fields that count. */
export function isShared(response: HttpResponse, vary: ReadonlySet<string>): boolean {
  if (response.trailers !== null) return false;
  for (const [name, value] of response.fields ?? []) {
    switch (name.toLowerCase()) {
      case "set-cookie":
      case "content-range":
        return false;
      case "cache-control":
        if (NOT_SHARED.test(value)) return false;
        break;
      case "vary":
        if (!value.split(",").every((field) => vary.has(field.trim().toLowerCase()))) return false;
    }
  }
  return true;
}

/** What is kept of an answer with this content. */
export function keepAnswer(response: HttpResponse, body: KeptAnswer["body"], made: number): KeptAnswer {
  const { status, contentType: type } = response;
  const headers = [...(response.fields ?? [])].filter(([name]) => !/^(?:date|age)$/i.test(name));
  const ages = headers.some(([name]) => /^(?:cache-control|expires)$/i.test(name));
  return { status, type, headers, body, made, ages };
}

/** The answer that was kept, to be sent; hooks may change it. */
export function giveAnswer(answer: KeptAnswer, now: number): HttpResponse {
  const { status, type, headers, made, ages } = answer;
  const init = headers.length > 0 ? { status, headers } : status === 200 ? undefined : { status };
  const response = new KeptResponse(answer, init, type);
  // Else caches would take it for new, and keep it for longer than they were told (RFC 9111 §5.1).
  if (ages) response.headers.set("Age", String(Math.max(Math.floor((now - made) / 1000), 0)));
  return response;
}

/** Content that is there, as it is to be kept: whoever made bytes may go on with them. Null where it is too large. */
export function copyContent(body: string | Uint8Array | null, maxSize: number): string | Uint8Array | null {
  if (body === null) return "";
  const size = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  if (size > maxSize) return null;
  return typeof body === "string" ? body : Uint8Array.from(body);
}

/** Has the content of an answer noted on its way; `done` gets it where all of it has left, and it is not too large. */
export function noteContent(
  response: HttpResponse,
  body: BodyStream,
  maxSize: number,
  done: (bytes: Uint8Array) => void,
): void {
  let pieces: Uint8Array[] | null = [];
  let size = 0;
  const announced = response.fields?.get("Content-Length") ?? null;
  const length = announced === null ? null : Number(announced);
  response.body = new Through(body, length, {
    piece(bytes) {
      size += bytes.length;
      if (size > maxSize) pieces = null;
      pieces?.push(Uint8Array.from(bytes));
      return bytes;
    },
    end() {
      if (pieces !== null) done(Buffer.concat(pieces));
      return new Uint8Array(0);
    },
    stop() {
      pieces = null;
    },
  });
}

/** Fields that count, as a set. */
export function fieldSet(names: readonly string[]): ReadonlySet<string> {
  const headers = new HttpHeaders();
  // Names that could be none are refused here.
  for (const name of names) headers.append(name, "");
  return new Set(names.map((name) => name.toLowerCase()));
}
