/** Every vector of requests and responses on every build. */
import { describe, expect, test } from "vitest";
import { Parser } from "../../src/parser/index.ts";
import { sharedParser } from "../../src/parser/messages.ts";
import { checkRequest, checkResponse, type Vector } from "../support/vectors.ts";
import requests from "../vectors/requests.json" with { type: "json" };
import responses from "../vectors/responses.json" with { type: "json" };

describe.each(["simd", "scalar", "js"] as const)("on the %s build", (build) => {
  const parser = sharedParser({ build });

  test("it is this build that runs", () => {
    expect([parser.build, new Parser({ build }).build]).toEqual([build, build]);
  });

  test.each(requests as Vector[])("request $id", (vector) => checkRequest(vector, { build }, parser));
  test.each(responses as Vector[])("response $id", (vector) => checkResponse(vector, { build }, parser));
});
