import type { TaskContext } from "../../src/services/orchestrator.ts";

export function add(a: number, b: number): number;
export function echo<T>(value: T): Promise<T>;
export function whichThread(): number;
export function context(this: TaskContext): { attempt: number; scheduledFor: number | null };
export function count(this: TaskContext, to: number): number;
export function loop(this: TaskContext): never;
export function exit(code: number): Promise<void>;
export function fill(): never;
export function throwLater(): Promise<never>;
export function fail(message: string): never;
export function throwText(): never;
export function giveFunction(): () => void;
export function succeedAt(this: TaskContext, number: number): number;
export function waitForFile<T>(this: TaskContext, file: string, value: T): Promise<T>;
export function note(this: TaskContext, file: string, line?: string): void;
export function noteAndWait(this: TaskContext, notes: string, file: string): Promise<number>;
