/** What `pyrois dev` and the process that runs the module tell each other. */
import type { AddressInfo } from "node:net";

/** Where a module wants to listen. */
export interface Asked {
  readonly port: number;
  readonly host?: string;
  /** Which of the places it is of those whose port the system chooses, so that it gets the same again. */
  readonly index: number;
}

/** Told to the process that runs the module. */
export type Order =
  /** Runs it; an application that it exports listens there. */
  | { readonly type: "run"; readonly place: { readonly port?: number; readonly host?: string } }
  /** Answers what is at work, and ends. */
  | { readonly type: "stop" }
  /** Loads modules of the application anew. */
  | { readonly type: "load"; readonly urls: readonly string[] }
  /** Answers `ask`: the place is had, under a key, or not. */
  | { readonly type: "had"; readonly id: number; readonly key: string; readonly address: AddressInfo }
  | { readonly type: "taken"; readonly id: number; readonly code: string; readonly message: string }
  /** Comes with a connection to the place of that key. */
  | { readonly type: "connection"; readonly key: string };

/** Told by it. */
export type Report =
  | { readonly type: "ask"; readonly id: number; readonly place: Asked }
  /** It takes connections to the place of that key. */
  | { readonly type: "serves"; readonly key: string }
  /** The module is there; `cpu` is milliseconds of the processor since `run`. */
  | { readonly type: "started"; readonly listens: boolean; readonly cpu: number }
  | { readonly type: "loaded"; readonly failed: boolean; readonly cpu: number };

/** Whether connections can be handed from one process to another: Bun and Deno cannot. There modules listen themselves. */
export const HANDS_OVER: boolean = process.versions.bun === undefined && process.versions.deno === undefined;
