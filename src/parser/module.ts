/** Loads the parser's module, synchronously: the only file that knows of WebAssembly. */
import { ABI_VERSION, MEMORY_PAGES } from "./abi.ts";
import { instantiate as instantiateJs } from "./generated/js.ts";
import { scalar } from "./generated/scalar.ts";
import { simd } from "./generated/simd.ts";

/**
 * The builds of the one parser: WebAssembly with vector instructions, WebAssembly without, and plain JavaScript. They
 * give the same results.
 */
export type ParserBuild = "simd" | "scalar" | "js";

/**
 * A compiled `pyrois/parser.wasm` (a `WebAssembly.Module`), for hosts that forbid compiling bytes. Written so that it
 * means something also to whoever has no types for WebAssembly, as Node's have none.
 */
export type ParserModule = typeof globalThis extends {
  WebAssembly: { Module: new (...bytes: never[]) => infer Module };
}
  ? Module
  : object;

/** What the module exports; all positions are addresses in `memory`. */
export interface ParserExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  parseRequest(start: number, end: number): number;
  parseResponse(start: number, end: number, method: number): number;
  parseTrailers(start: number, end: number): number;
  decodeChunked(start: number, end: number, state: number, remaining: number): number;
  findHeadEnd(start: number, from: number, end: number): number;
  tolerate(bits: number): void;
}

/** A module that runs in a memory of its own. */
export interface LoadedParser {
  readonly build: ParserBuild;
  readonly exports: ParserExports;
}

interface RawExports extends ParserExports {
  readonly abiVersion: { readonly value: number };
}

const bytesOf = { simd, scalar };
const compiled = new Map<string, WebAssembly.Module>();

function compile(build: "simd" | "scalar"): WebAssembly.Module {
  let module = compiled.get(build);
  if (!module) {
    const text = bytesOf[build];
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; ++i) bytes[i] = text.charCodeAt(i);
    module = new WebAssembly.Module(bytes);
    compiled.set(build, module);
  }
  return module;
}

function instance(module: WebAssembly.Module): RawExports {
  return new WebAssembly.Instance(module, {}).exports as unknown as RawExports;
}

function checked(build: ParserBuild, exports: RawExports): LoadedParser {
  const version = exports.abiVersion?.value;
  if (version !== ABI_VERSION) throw new TypeError(`this parser module speaks ABI ${version}, not ${ABI_VERSION}`);
  if (exports.memory.buffer.byteLength !== MEMORY_PAGES * 65536) throw new TypeError("this module has another memory");
  return { build, exports };
}

function run(build: ParserBuild): LoadedParser {
  return checked(build, build === "js" ? instantiateJs() : instance(compile(build)));
}

/**
 * Starts a parser in a memory of its own: from a compiled module, or the build that is asked for, or the fastest that
 * this host can run. Throws a TypeError where a module is another one, and what the host throws where it cannot run
 * what was asked for.
 */
export function loadParser(build?: ParserBuild, module?: ParserModule): LoadedParser {
  if (module) return checked("simd", instance(module));
  if (build) return run(build);
  if (typeof WebAssembly === "undefined") return run("js");
  for (const candidate of ["simd", "scalar"] as const) {
    try {
      return run(candidate);
    } catch (error) {
      // No vector instructions, compiling forbidden, or no memory to be had: the next one needs less.
      if (!(error instanceof WebAssembly.CompileError || error instanceof RangeError)) throw error;
    }
  }
  return run("js");
}
