/** The suite as a script for hosts that have a console or a page: its result is one line of JSON. */
import { runSuite } from "./suite.ts";

const result = JSON.stringify(runSuite(["simd", "scalar", "js"]));
const { document } = globalThis as { document?: { title: string } };
if (document) document.title = result;
else console.log(result);
