/**
 * Exchanges that are answered otherwise than by node:http, by name, with how each of the two answers. All of them are
 * about what node:http takes and this server does not, or the other way round.
 */

type Answers = Readonly<Partial<Record<"pyrois/node" | "fromNode", RegExp>>>;

/** An answer of the engine, which says what was wrong; the drop-in answers with node:http's words. */
function told(status: number): RegExp {
  return new RegExp(
    `^(HTTP/1\\.1 200 [\\s\\S]*Hello)?HTTP/1\\.1 ${status} [^\\r]+\r\nContent-Type: text/plain[\\s\\S]*\\(RFC [\\s\\S]*\\)\n$`,
  );
}

const BARE_400 = /^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/;

/** What node:http refuses as well, in words of its own. */
const ALSO_REFUSED: Readonly<Record<string, number>> = {
  "no HTTP": 400,
  "a target with a space": 400,
  "a wrong name": 400,
  "no colon": 400,
  "a folded line": 400,
  "a control byte": 400,
  "two lengths": 400,
  "a length that is none": 400,
  "both framings": 400,
  "chunked twice": 400,
  "not chunked last": 400,
  "a head too large": 431,
  "an error after a good one": 400,
};

/** What node:http serves, or answers itself, and the drop-in as well. */
const TOLERATED: Readonly<Record<string, number>> = {
  "no Host": 400,
  // No URI has them (RFC 3986 §2), and no browser sends them.
  "the target has quotes": 400,
  "a Host that is none": 400,
  "Expect of something else": 417,
};

/** What node:http serves. */
const REFUSED: Readonly<Record<string, number>> = {
  // The application is called before what came in the same read is known to be wrong.
  "a chunk size that is none": 400,
  // As if it were 1.1.
  "HTTP/2.0": 505,
  "two Hosts": 400,
};

export const DIFFERENCES: Readonly<Record<string, Answers>> = {
  ...Object.fromEntries(
    Object.entries({ ...ALSO_REFUSED, ...TOLERATED }).map(([name, status]) => [name, { fromNode: told(status) }]),
  ),
  ...Object.fromEntries(
    Object.entries(REFUSED).map(([name, status]) => [name, { "pyrois/node": BARE_400, fromNode: told(status) }]),
  ),
  // Methods are any token, and the application says which it knows.
  "a method nobody knows": { "pyrois/node": /Cannot FROB \/all/, fromNode: /Cannot FROB \/all/ },
  // What has come already is not asked for (RFC 9110 §10.1.1).
  "Expect, with the content": { fromNode: /^HTTP\/1\.1 200 / },
  "Expect, in capitals": { fromNode: /^HTTP\/1\.1 200 / },
};
