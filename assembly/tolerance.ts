/** What passes though the RFCs do not allow it. */
import { TOLERATE_TARGET } from "../src/parser/abi";
import { addTargetChars } from "./bytes";
import { buildNibbles } from "./scan";

/** TOLERATE bits. */
let tolerated: u32 = 0;

/** Has what these TOLERATE bits name pass from now on; it cannot be taken back. */
export function tolerate(bits: u32): void {
  tolerated |= bits;
  if (bits & TOLERATE_TARGET) {
    addTargetChars();
    buildNibbles();
  }
}

/** Whether this passes. To be asked only about what is wrong, so that what is right takes no longer. */
// @ts-ignore: decorator
@inline
export function tolerates(what: u32): bool {
  return (tolerated & what) != 0;
}
