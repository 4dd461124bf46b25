/** Tasks that tests have done: what a thread loads is plain JavaScript. */
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { threadId } from "node:worker_threads";

export const add = (a, b) => a + b;
export const echo = async (value) => value;
export const whichThread = () => threadId;

export function context() {
  return { attempt: this.attempt, scheduledFor: this.scheduledFor };
}

export function count(to) {
  for (let n = 1; n <= to; ++n) this.progress(n);
  return to;
}

export function loop() {
  this.progress("looping");
  for (;;);
}

export async function exit(code) {
  process.exit(code);
}

export function fill() {
  const kept = [];
  for (;;) kept.push(new Array(1000).fill(kept.length));
}

/** Throws in a callback, where nobody catches it, and never ends by itself. */
export function throwLater() {
  setTimeout(() => {
    throw new Error("thrown later");
  });
  return new Promise(() => {});
}

export function failWith(data) {
  throw Object.assign(new Error("no"), data);
}

/** Notes which attempt it is, and fails. */
export function noteAndFail(file) {
  appendFileSync(file, `${this.attempt}\n`);
  throw new Error("no");
}

/** Gives a value, and leaves a promise alone that rejects. */
export function rejectAlone() {
  Promise.reject(new Error("rejected alone"));
  return "done";
}

export function fail(message) {
  throw Object.assign(new RangeError(message), { code: "E_OWN", detail: { a: 1 }, close() {} });
}

export function throwText() {
  throw "text";
}

export function giveFunction() {
  return () => {};
}

/** Fails until this is the attempt of that number. */
export function succeedAt(number) {
  if (this.attempt < number) throw new Error(`attempt ${this.attempt}`);
  return this.attempt;
}

/** Says that it has begun, waits until a file is there, and gives a value. */
export async function waitForFile(file, value) {
  this.progress("begun");
  while (!existsSync(file)) await wait(5);
  return value;
}

/** Adds a line to a file. */
export function note(file, line) {
  appendFileSync(file, `${line ?? this.scheduledFor}\n`);
}

/** Notes who does it, and when its turn began; ends when a file is there. */
export async function noteAndWait(notes, file) {
  appendFileSync(notes, `${process.pid} ${this.attempt}\n`);
  while (!existsSync(file)) await wait(5);
  return process.pid;
}

/** Notes who does it, when it was due, and which attempt it is. */
export function noteProcess(file) {
  appendFileSync(file, `${process.pid} ${this.scheduledFor} ${this.attempt}\n`);
}

export function giveShared() {
  return new SharedArrayBuffer(1);
}
