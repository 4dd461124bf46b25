/** Every vector of requests and responses on every build. */
import { describe, expect, test } from "vitest";
import { Parser, type ParserOptions, RequestParser } from "../../src/parser/index.ts";
import { sharedParser } from "../../src/parser/messages.ts";
import { bytesOf, readMessages } from "../support/messages.ts";
import { checkRequest, checkResponse, type Vector } from "../support/vectors.ts";
import acceptance from "../vectors/acceptance.json" with { type: "json" };
import requests from "../vectors/requests.json" with { type: "json" };
import responses from "../vectors/responses.json" with { type: "json" };
import tolerated from "../vectors/tolerated.json" with { type: "json" };

/** The acceptance vectors say what a server does; whatever it is, it must not depend on the build or on the cuts. */
test.each(acceptance)("acceptance $id is read alike", ({ input }) => {
  const bytes = bytesOf(input.replace(/\0FIN$/, ""));
  const whole = readMessages(new RequestParser(), [bytes]);
  const places = Array.from({ length: bytes.length }, (_, at) => at).filter((at) => at < 300 || at % 1000 === 0);
  for (const build of ["simd", "scalar", "js"] as const) {
    const run = (...pieces: Uint8Array[]) => readMessages(new RequestParser({ build }), pieces);
    expect(run(bytes)).toEqual(whole);
    for (const at of places) {
      const outcome = run(bytes.subarray(0, at), bytes.subarray(at));
      if (JSON.stringify(outcome) !== JSON.stringify(whole)) expect(outcome, `cut at ${at}`).toEqual(whole);
    }
    expect(run(...Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole);
  }
});

describe.each(["simd", "scalar", "js"] as const)("on the %s build", (build) => {
  const parser = sharedParser({ build });

  test("it is this build that runs", () => {
    expect([parser.build, new Parser({ build }).build]).toEqual([build, build]);
  });

  test.each(requests as Vector[])("request $id", (vector) => checkRequest(vector, { build }, parser));
  test.each(responses as Vector[])("response $id", (vector) => checkResponse(vector, { build }, parser));

  test.each(tolerated as (Vector & Required<Pick<ParserOptions, "tolerance">>)[])(
    "tolerated $id",
    ({ tolerance, ...vector }) => {
      checkRequest(vector, { build, tolerance }, sharedParser({ build, tolerance }));
    },
  );
});
