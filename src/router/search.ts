/** The way of a path down the tree. */
import { decode, takeMixed } from "./mixed.ts";
import { convert } from "./pattern.ts";
import { type Edge, MIXED, type Node, PLAIN, REST } from "./tree.ts";

const SLASH = 0x2f;
const PERCENT = 0x25;

/** Whether a text stands at a place; its first character does. */
function stands(text: string, path: string, at: number): boolean {
  const { length } = text;
  if (at + length > path.length) return false;
  for (let index = 1; index < length; ++index) {
    if (text.charCodeAt(index) !== path.charCodeAt(at + index)) return false;
  }
  return true;
}

/** What the entries of a node are told by. */
export interface Methodical {
  readonly method: string;
}

/** The entry that serves a method: its own, for HEAD that of GET, and else that of all methods. */
export function pick<E extends Methodical>(entries: readonly E[], method: string, head: boolean): E | null {
  for (let index = 0; index < entries.length; ++index) if (entries[index].method === method) return entries[index];
  let other: E | null = null;
  for (const entry of entries) {
    if (head && method === "HEAD" && entry.method === "GET") return entry;
    if (entry.method === "*") other = entry;
  }
  return other;
}

/**
 * A search. Each node of the tree is looked at once at most, and each looks at its part of the path a bounded number of
 * times, so the time is linear in the length of the path whatever it is.
 */
export class Search<E extends Methodical> {
  /** Values of parameters on the way to the entry that was found. */
  readonly values: unknown[] = [];
  /** Whether text that a parameter would take could not be decoded. */
  invalid = false;
  /** Whether the path led to entries, but of other methods. */
  other = false;
  /** Where methods are gathered; what is searched for is then never found. */
  gathered: Set<string> | null = null;
  readonly #head: boolean;
  #path = "";
  #folded = "";
  #method = "";

  constructor(head: boolean) {
    this.#head = head;
  }

  /** The entry for a method and a path; `folded` is the path as fixed text is compared with. */
  run(root: Node<E>, method: string, path: string, folded: string): E | null {
    this.#path = path;
    this.#folded = folded;
    this.#method = method;
    this.invalid = this.other = false;
    return this.#walk(root, 0, 0);
  }

  #end({ entries }: Node<E>): E | null {
    if (entries === null) return null;
    if (this.gathered !== null) {
      for (const { method } of entries) this.gathered.add(method);
      return null;
    }
    const entry = pick(entries, this.#method, this.#head);
    if (entry === null) this.other = true;
    return entry;
  }

  #walk(from: Node<E>, start: number, taken: number): E | null {
    const path = this.#folded;
    const { length } = path;
    let node = from;
    let at = start;
    let depth = taken;
    while (at < length) {
      const { edges, below } = node;
      const index = path.charCodeAt(at) - node.base;
      const child = below !== null && index >= 0 && index < below.length ? below[index] : null;
      if (child !== null && stands(child.text, path, at)) {
        if (edges === null) {
          at += child.text.length;
          node = child;
          continue;
        }
        const entry = this.#walk(child, at + child.text.length, depth);
        if (entry !== null) return entry;
      }
      if (edges === null) return null;
      let end = at;
      let escaped = false;
      for (; end < length; ++end) {
        const code = path.charCodeAt(end);
        if (code === SLASH) break;
        if (code === PERCENT || code === 0) escaped = true;
      }
      if (end === at) return null;
      const edge = edges[0];
      if (edges.length > 1 || edge.type !== PLAIN || edge.kinds.length > 0 || escaped) {
        return this.#branch(edges, at, end, depth, escaped);
      }
      this.values[depth] = this.#path.slice(at, end);
      ++depth;
      at = end;
      node = edge.next;
    }
    return this.#end(node);
  }

  /** Tries the edges of a node with the segment that begins there. */
  #branch(edges: readonly Edge<E>[], at: number, end: number, depth: number, escaped: boolean): E | null {
    const raw = this.#path.slice(at, end);
    const text = escaped ? decode(raw) : raw;
    for (let index = 0; index < edges.length; ++index) {
      const edge = edges[index];
      if (edge.type === REST) {
        const entry = this.#rest(edge, at, depth);
        if (entry !== null) return entry;
        continue;
      }
      if (text === null) {
        this.invalid = true;
        continue;
      }
      if (edge.type === MIXED) {
        const folded = this.#folded === this.#path ? raw : this.#folded.slice(at, end);
        if (!takeMixed(edge.mixed, raw, folded, this.values, depth)) continue;
      } else {
        const value = edge.kinds.length === 0 ? text : convert(edge.kinds, text);
        if (value === undefined) continue;
        this.values[depth] = value;
      }
      const entry = this.#walk(edge.next, end, depth + edge.mixed.kinds.length);
      if (entry !== null) return entry;
    }
    return null;
  }

  #rest(edge: Edge<E>, at: number, depth: number): E | null {
    const [before] = edge.mixed.texts;
    const start = at + before.length;
    if (start >= this.#path.length || !this.#folded.startsWith(before, at)) return null;
    const raw = this.#path.slice(start);
    const text = raw.includes("%") || raw.includes("\0") ? decode(raw) : raw;
    if (text === null) {
      this.invalid = true;
      return null;
    }
    // What begins with a slash is no rest: joined to a folder or an origin it would lead elsewhere.
    const value = text.startsWith("/") ? undefined : edge.kinds.length === 0 ? text : convert(edge.kinds, text);
    if (value === undefined) return null;
    this.values[depth] = value;
    return this.#end(edge.next);
  }
}
