/** Contenders that parse response heads; each gives status and fields. */
import { HTTPParser as JsParser } from "http-parser-js";
import { methodId, Parser } from "../../dist/parser/index.js";
import { pairs } from "./agree.mjs";
import { HTTPParser as NodeParser } from "./node.mjs";
import { TYPE, UndiciParser } from "./undici.mjs";

/** A JSON answer as a server behind a load balancer gives it. */
export const response = {
  name: "response",
  fields: 12,
  bytes: Buffer.from(
    [
      "HTTP/1.1 200 OK",
      "Date: Fri, 20 Nov 2026 10:00:00 GMT",
      "Content-Type: application/json; charset=utf-8",
      "Content-Length: 0",
      "Connection: keep-alive",
      "Server: nginx",
      "Vary: Origin, Accept-Encoding",
      "Cache-Control: public, max-age=300, stale-while-revalidate=60",
      'ETag: W/"5f2c-9a3b7c1d2e4f"',
      "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload",
      "X-Content-Type-Options: nosniff",
      "X-Request-Id: 0f8fad5b-d9cb-469f-a165-70867728950e",
      "Set-Cookie: session=c2Vzc2lvbi1pZC0wMTIzNDU2Nzg5YWJjZGVmMDE; Path=/; HttpOnly; Secure; SameSite=Lax",
      "\r\n",
    ].join("\r\n"),
    "latin1",
  ),
};

/** @type {import("./agree.mjs").Contender} */
export const pyrois = {
  name: "pyrois",
  prepare(bytes) {
    const parser = new Parser();
    const method = methodId("GET");
    parser.window.set(bytes);
    return {
      parse() {
        if (parser.parseResponse(0, bytes.length, method) !== bytes.length) throw new Error("pyrois took a part");
      },
      result: () => ({ status: parser.responseHead.status, fields: parser.responseHead.headers.entries() }),
    };
  },
};

/** @type {import("./agree.mjs").Contender} */
export const pyroisStrings = {
  name: "pyrois, all strings",
  prepare(bytes) {
    const { parse, result } = pyrois.prepare(bytes);
    let parsed = null;
    return {
      parse() {
        parse();
        parsed = result();
      },
      result: () => parsed,
    };
  },
};

/**
 * node's parser and http-parser-js, which have one interface.
 * @param {string} name
 * @param {() => object} make
 * @returns {import("./agree.mjs").Contender}
 */
function nodeLike(name, make) {
  return {
    name,
    prepare(bytes) {
      const parser = make();
      let parsed = null;
      parser[NodeParser.kOnHeadersComplete] = (_major, _minor, headers, _method, _url, status) => {
        parsed = { status, headers };
        return 0;
      };
      return {
        parse() {
          if (parser.execute(bytes) !== bytes.length) throw new Error(`${name} took a part`);
        },
        result: () => ({ status: parsed.status, fields: pairs(parsed.headers) }),
      };
    },
  };
}

export const node = nodeLike("node", () => {
  const parser = new NodeParser();
  parser.initialize(NodeParser.RESPONSE, {});
  return parser;
});

export const httpParserJs = nodeLike("http-parser-js", () => new JsParser(JsParser.RESPONSE));

/** @type {import("./agree.mjs").Contender} */
export const undici = {
  name: "undici's llhttp (wasm)",
  prepare(bytes) {
    const parser = new UndiciParser(bytes.length, TYPE.RESPONSE);
    return {
      parse: () => parser.execute(bytes),
      result: () => ({ status: parser.parsed.status, fields: pairs(parser.parsed.headers) }),
    };
  },
};
