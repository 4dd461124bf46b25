/** Loads the parser's WebAssembly module, synchronously: the only file that knows of WebAssembly. */
import { ABI_VERSION, MEMORY_PAGES } from "./abi.ts";
import { scalar } from "./generated/scalar.ts";
import { simd } from "./generated/simd.ts";

/** Which build of the parser runs: with vector instructions, or without. */
export type ParserBuild = "simd" | "scalar";

/** What the module exports; all positions are addresses in `memory`. */
export interface ParserExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  parseRequest(start: number, end: number): number;
  parseTrailers(start: number, end: number): number;
  decodeChunked(start: number, end: number, state: number, remaining: number): number;
  findHeadEnd(start: number, from: number, end: number): number;
}

/** A module that runs. */
export interface LoadedParser {
  readonly build: ParserBuild;
  readonly exports: ParserExports;
}

const bytesOf: Record<ParserBuild, string> = { simd, scalar };
const compiled = new Map<ParserBuild, WebAssembly.Module>();

function compile(build: ParserBuild): WebAssembly.Module {
  let module = compiled.get(build);
  if (!module) {
    const text = atob(bytesOf[build]);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; ++i) bytes[i] = text.charCodeAt(i);
    module = new WebAssembly.Module(bytes);
    compiled.set(build, module);
  }
  return module;
}

function run(build: ParserBuild): LoadedParser {
  const { exports } = new WebAssembly.Instance(compile(build), {});
  const version = (exports.abiVersion as WebAssembly.Global).value;
  if (version !== ABI_VERSION) throw new Error(`the parser module speaks ABI ${version}, not ${ABI_VERSION}`);
  const parser = exports as unknown as ParserExports;
  if (parser.memory.buffer.byteLength !== MEMORY_PAGES * 65536) throw new Error("the parser module has another memory");
  return { build, exports: parser };
}

/** Starts a parser of its own memory: the build that is asked for, else the fastest that this host can run. */
export function loadParser(build?: ParserBuild): LoadedParser {
  if (build) return run(build);
  try {
    return run("simd");
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return run("scalar");
  }
}
