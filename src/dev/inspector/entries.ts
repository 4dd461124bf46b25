/** What the page is told, as JSON. Bytes are base64. */
import type { Surrounding } from "./around.ts";

export type Field = [name: string, value: string];

/** A line that was logged, so many milliseconds after the request had come. */
export interface Line {
  readonly after: number;
  readonly level: string;
  readonly text: string;
}

/** What all entries have. */
interface Entry {
  readonly id: number;
  readonly revision: number;
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
}

/** An exchange in the list. */
export interface Summary extends Entry {
  readonly kind: "exchange";
  readonly method: string;
  readonly target: string;
  /** 0 where there is none yet, or the client has gone before. */
  readonly status: number;
  readonly over: boolean;
  /** Milliseconds from the head of the request to the end of the response. */
  readonly duration: number;
  /** Bytes of content in both directions. */
  readonly received: number;
  readonly sent: number;
  /** Pattern of the route. */
  readonly route: string | null;
  /** Whether an error has happened that the client sees nothing of. */
  readonly failed: boolean;
  readonly replayOf: number | null;
}

/** Something that was no request. */
export interface Refused extends Entry {
  readonly kind: "parse error";
  readonly name: string;
  readonly status: number;
  readonly message: string;
  readonly section: string;
  readonly offset: number;
  /** Bytes around the offset, printable. */
  readonly quoted: string;
  readonly client: string;
}

/** Content as far as it was kept. */
export interface Shown {
  /** Bytes that there were, and whether all were kept. */
  readonly size: number;
  readonly whole: boolean;
  readonly bytes: string;
  /** Without its Content-Encoding; null where it has none, or one that is not known. */
  readonly plain: string | null;
}

/** An exchange on its own. */
export interface Details extends Summary {
  readonly client: string;
  readonly head: string;
  readonly fields: readonly Field[];
  readonly params: readonly Field[];
  readonly handler: { readonly name: string | null; readonly method: string } | null;
  readonly surroundings: readonly Surrounding[];
  readonly request: Shown;
  readonly trailers: readonly Field[];
  /** Milliseconds to where the handler had its response. */
  readonly answeredAfter: number | null;
  /** As the application gave it. */
  readonly response: { readonly status: number; readonly fields: readonly Field[] } | null;
  readonly content: Shown;
  readonly logs: readonly Line[];
  readonly lostLogs: number;
  readonly errors: readonly string[];
  readonly lostErrors: number;
  /** Whether something of the request is masked. */
  readonly masked: boolean;
}
