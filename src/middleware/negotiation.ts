/** Which content is compressed, and how: the work of `compressible` and `negotiator`. */
import type { Coding } from "./codings.ts";

export interface Negotiation {
  /** Whether content of a type is compressed; the type may have parameters. */
  takes(type: string): boolean;
  /** The coding that a client likes best by its Accept-Encoding; null for none. */
  choose(acceptEncoding: string | null): Coding | null;
}

type Types = readonly string[] | ((type: string) => boolean);

/** Answers that are kept, of questions this long: both fields are commonly the same few, and clients can write any. */
const ANSWERS_KEPT = 256;
const QUESTION_MAX = 256;

/** The same function, with the answers to some texts kept. */
function remembering<T>(ask: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = ask(text);
    if (answers.size < ANSWERS_KEPT && text.length <= QUESTION_MAX) answers.set(text, answer);
    return answer;
  };
}

/** The library as it is: its types do not know of preferences yet. */
interface Negotiator {
  encodings(available: readonly string[], options: { readonly preferred: readonly string[] }): string[];
}

/** Loads what is needed; rejects where it is not there. */
export async function loadNegotiation(codings: readonly Coding[], types?: Types): Promise<Negotiation> {
  const [{ default: Negotiator }, { default: compressible }] = await Promise.all([
    import("negotiator"),
    import("compressible"),
  ]);
  const available = [...codings, "identity"];
  const test =
    typeof types === "function"
      ? types
      : types
        ? (type: string) => types.includes(type)
        : (type: string) => compressible(type) === true;
  const choose = remembering((field) => {
    const negotiator = new Negotiator({ headers: { "accept-encoding": field } }) as unknown as Negotiator;
    const [best = "identity"] = negotiator.encodings(available, { preferred: available });
    return best;
  });
  return {
    takes: remembering((type) => test(type.split(";", 1)[0].trim().toLowerCase())),
    choose(acceptEncoding) {
      const best = acceptEncoding === null ? "identity" : choose(acceptEncoding);
      return best === "identity" ? null : (best as Coding);
    },
  };
}
