/** Node's own parser (llhttp), as an oracle: what it makes of the first head of an input. */

export interface NodeVerdict {
  /** "head" where a head was complete, "more" where it waits, else the code of its error. */
  verdict: string;
  method: string;
  target: string;
  fields: [string, string][];
}

interface Binding {
  HTTPParser: {
    new (): Record<number, unknown> & {
      initialize(type: number, resource: object): void;
      execute(bytes: Uint8Array): unknown;
    };
    REQUEST: number;
    kOnHeaders: number;
    kOnHeadersComplete: number;
  };
  allMethods?: string[];
  methods: string[];
}

let binding: Binding | undefined;

function load(): Binding {
  const before = process.noDeprecation ?? false;
  process.noDeprecation = true;
  const { binding: get } = process as unknown as { binding(name: string): Binding };
  binding ??= get("http_parser");
  process.noDeprecation = before;
  return binding;
}

export function askNode(bytes: Uint8Array): NodeVerdict {
  const { HTTPParser, allMethods, methods } = load();
  const parser = new HTTPParser();
  const found: NodeVerdict = { verdict: "more", method: "", target: "", fields: [] };
  const flat: string[] = [];
  parser[HTTPParser.kOnHeaders] = (headers: string[], url: string) => {
    if (found.verdict === "head") return;
    flat.push(...headers);
    found.target += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    headers: string[] | undefined,
    method: number,
    url: string | undefined,
  ) => {
    if (found.verdict === "head") return 0;
    if (headers) flat.push(...headers);
    if (url !== undefined) found.target += url;
    found.method = (allMethods ?? methods)[method];
    found.verdict = "head";
    return 0;
  };
  parser.initialize(HTTPParser.REQUEST, {});
  const outcome = parser.execute(bytes);
  if (outcome instanceof Error && found.verdict !== "head") found.verdict = (outcome as Error & { code: string }).code;
  for (let at = 0; at + 1 < flat.length; at += 2) found.fields.push([flat[at], flat[at + 1]]);
  return found;
}
