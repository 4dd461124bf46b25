/** What the module exports; nothing but this file is seen from outside. */
import { ABI_VERSION } from "../src/parser/abi";
import { buildClasses } from "./bytes";
import { buildNames } from "./names";
import { buildNibbles } from "./scan";

export { decodeChunked } from "./chunked";
export { parseRequest, parseResponse, parseTrailers } from "./head";
export { findHeadEnd } from "./scan";
export { tolerate } from "./tolerance";

/** The version of the numbers in src/parser/abi.ts that this module was built with. */
export const abiVersion: i32 = ABI_VERSION;

buildClasses();
buildNibbles();
buildNames();
