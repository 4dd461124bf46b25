/** The vectors as one function that any JavaScript host can run, without a test runner. */
import type { ParserBuild, ParserModule } from "../../src/parser/index.ts";
import { Parser } from "../../src/parser/index.ts";
import { sharedParser } from "../../src/parser/messages.ts";
import { checkRequest, checkResponse, type Vector } from "../support/vectors.ts";
import requests from "../vectors/requests.json" with { type: "json" };
import responses from "../vectors/responses.json" with { type: "json" };

export interface SuiteResult {
  /** The build that the host was given when none was asked for. */
  chosen: ParserBuild;
  /** The builds that ran. */
  builds: string[];
  passed: number;
  failures: string[];
}

/**
 * Runs every vector on every build that this host can run. `module` is the compiled parser for hosts that forbid
 * compiling bytes; `required` names the builds that must run.
 */
export function runSuite(required: readonly ParserBuild[], module?: ParserModule): SuiteResult {
  const result: SuiteResult = { chosen: new Parser().build, builds: [], passed: 0, failures: [] };
  for (const build of ["simd", "scalar", "js"] as const) {
    try {
      new Parser({ build });
    } catch (error) {
      if (required.includes(build)) result.failures.push(`${build} does not run: ${error}`);
      continue;
    }
    run(build, { build }, result);
  }
  if (module) run("module", { module }, result);
  return result;
}

function run(name: string, options: { build: ParserBuild } | { module: ParserModule }, result: SuiteResult): void {
  const parser = sharedParser(options);
  result.builds.push(name);
  const check = (vectors: Vector[], test: typeof checkRequest) => {
    for (const vector of vectors) {
      try {
        test(vector, options, parser);
        ++result.passed;
      } catch (error) {
        result.failures.push(`${name}: ${vector.id}: ${error}`);
      }
    }
  };
  check(requests as Vector[], checkRequest);
  check(responses as Vector[], checkResponse);
}
