/** The suite for workerd, which compiles no bytes: there the module is imported. */
// @ts-expect-error: workerd gives a compiled module under this name, which no type checker knows
import module from "parser.wasm";
import { runSuite } from "./suite.ts";

export default {
  test(): void {
    console.log(JSON.stringify(runSuite(["js"], module)));
  },
};
