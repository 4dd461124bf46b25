/** Which of the encodings that a file is there in a client gets (RFC 9110 §12.5.3). */

export type Coding = "br" | "zstd" | "gzip";

/** All that are known, the one that commonly packs best first. */
export const CODINGS: readonly Coding[] = ["br", "zstd", "gzip"];

/** What the names of files end with that are encoded. */
export const CODING_EXTENSIONS: Readonly<Record<Coding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" };

/**
 * codings = content-coding / "identity" / "*", weight = OWS ";" OWS "q=" qvalue,
 * qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
 */
const MEMBER = /^([!#$%&'*+\-.^_`|~\w]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** Below the least weight that can be written: content as it is may be sent though nobody has asked for it. */
const UNASKED = 0.0005;

/** The weights that a field gives, by name in lower case; what is not written as it must be is passed over. */
function weightsOf(field: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const member of field.split(",")) {
    const [, name, weight = "1"] = MEMBER.exec(member.trim()) ?? [];
    if (name === undefined) continue;
    const coding = name.toLowerCase();
    weights.set(coding === "x-gzip" ? "gzip" : coding, Number(weight));
  }
  return weights;
}

/**
 * The one of a file's representations that has the most weight in Accept-Encoding, and of those that have as much the
 * first; null where the client takes none of them. `coding` is null for the file as it is.
 */
export function choose<R extends { readonly coding: Coding | null }>(
  acceptEncoding: string | null,
  representations: readonly R[],
): R | null {
  const weights = weightsOf(acceptEncoding ?? "");
  const rest = weights.get("*");
  let [best, most]: [R | null, number] = [null, 0];
  for (const each of representations) {
    const weight = weights.get(each.coding ?? "identity") ?? rest ?? (each.coding === null ? UNASKED : 0);
    if (weight > most) [best, most] = [each, weight];
  }
  return best;
}
