/**
 * The tree of patterns: fixed text is compressed as in a radix tree, across segments, and parameters are edges of the
 * nodes at which a segment begins.
 */
import { isPlain, type Kind } from "./converters.ts";
import { type Mixed, mixedOf } from "./mixed.ts";
import { nameOf, type Parameter, type Segment } from "./pattern.ts";

/** What an edge takes, most specific first. */
export const MIXED = 0;
export const TYPED = 1;
export const PLAIN = 2;
export const REST = 3;

/** A way from the beginning of a segment to its end, or to the end of the path. */
export class Edge<E> {
  /** MIXED, TYPED, PLAIN or REST. */
  readonly type: number;
  /** Tells it from the other edges of its node. */
  readonly key: string;
  /** Smaller is more specific, of two edges of one type. */
  readonly rank: number;
  /** What a segment with text around parameters is made of. */
  readonly mixed: Mixed;
  /** Of the parameter, where there is one. */
  readonly kinds: readonly Kind[];
  /** Parameters taken. */
  readonly count: number;
  readonly next: Node<E> = new Node("");

  constructor(segment: Segment, fold: (text: string) => string) {
    const parameters = segment.filter((part): part is Parameter => typeof part === "object");
    const mixed = mixedOf(segment, fold);
    const text = mixed.texts.reduce((length, part) => length + part.length, 0);
    const ranks = parameters.reduce((sum, { kinds }) => sum + Math.max(...kinds.map(({ rank }) => rank)), 0);
    this.mixed = mixed;
    this.kinds = parameters[0].kinds;
    this.count = parameters.length;
    this.key = segment.map((part) => (typeof part === "string" ? fold(part) : `{${nameOf(part.kinds)}}`)).join("");
    // More text is more specific, then narrower kinds; ranks of 32 parameters stay below 1024.
    this.rank = ranks - 1024 * text;
    if (parameters[0].rest) this.type = REST;
    else if (text > 0) this.type = MIXED;
    else this.type = this.kinds.some(isPlain) ? PLAIN : TYPED;
    // A union that has string among others takes all, but gives values of its own: only the bare one needs no kinds.
    if ((this.type === PLAIN || this.type === REST) && this.kinds.length === 1) this.kinds = [];
  }
}

/** What is registered for the paths that end at a node. */
export interface Leaf<E> {
  readonly entries: E[];
}

/** A place in the tree. */
export class Node<E> {
  /** Fixed text that leads here from the node above. */
  text: string;
  /** Nodes below by the first character of their text, from that of code `base` on. */
  below: (Node<E> | null)[] = [];
  base = 0;
  /** Most specific first; null where there are none. */
  edges: Edge<E>[] | null = null;
  leaf: Leaf<E> | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get empty(): boolean {
    return this.leaf === null && this.edges === null && this.below.length === 0;
  }
}

/** What leads to a leaf: fixed text and edges. */
export type Step<E> = string | Edge<E>;

function compare<E>(a: Edge<E>, b: Edge<E>): number {
  if (a.type !== b.type) return a.type - b.type;
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.key < b.key ? -1 : 1;
}

/** The node below whose text begins with a character. */
export function below<E>(node: Node<E>, code: number): Node<E> | null {
  return node.below[code - node.base] ?? null;
}

function attach<E>(node: Node<E>, child: Node<E>): void {
  const code = child.text.charCodeAt(0);
  if (node.below.length === 0) node.base = code;
  while (code < node.base) {
    node.below.unshift(null);
    --node.base;
  }
  while (code - node.base >= node.below.length) node.below.push(null);
  node.below[code - node.base] = child;
}

function detach<E>(node: Node<E>, child: Node<E>): void {
  const others = node.below.filter((other) => other !== null && other !== child);
  node.below = [];
  for (const other of others) attach(node, other as Node<E>);
}

function commonLength(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) ++at;
  return at;
}

/** The node that a text leads to, made where it is missing. */
function growText<E>(node: Node<E>, text: string): Node<E> {
  let rest = text;
  let at = node;
  while (rest !== "") {
    let child = below(at, rest.charCodeAt(0));
    if (!child) {
      child = new Node<E>(rest);
      attach(at, child);
      return child;
    }
    const common = commonLength(child.text, rest);
    if (common < child.text.length) {
      const upper = new Node<E>(rest.slice(0, common));
      child.text = child.text.slice(common);
      attach(upper, child);
      attach(at, upper);
      child = upper;
    }
    rest = rest.slice(common);
    at = child;
  }
  return at;
}

function growEdge<E>(node: Node<E>, edge: Edge<E>): Node<E> {
  node.edges ??= [];
  const there = node.edges.find(({ key }) => key === edge.key);
  if (there) return there.next;
  node.edges.push(edge);
  node.edges.sort(compare);
  return edge.next;
}

/** The leaf that steps lead to, made where it is missing. */
export function grow<E>(root: Node<E>, steps: readonly Step<E>[]): Leaf<E> {
  let node = root;
  for (const step of steps) node = typeof step === "string" ? growText(node, step) : growEdge(node, step);
  node.leaf ??= { entries: [] };
  return node.leaf;
}

/** Joins a node with the only one below it, where nothing else hangs on it. */
function join<E>(node: Node<E>, child: Node<E>): void {
  if (child.leaf !== null || child.edges !== null) return;
  const [only, ...others] = child.below.filter((other) => other !== null);
  if (!only || others.length > 0) return;
  only.text = child.text + only.text;
  attach(node, only);
}

/** Takes away the leaf that steps lead to, where it has no entries, and all that led to it alone. */
export function prune<E>(node: Node<E>, steps: readonly Step<E>[], index = 0, offset = 0): void {
  if (index === steps.length) {
    if (node.leaf?.entries.length === 0) node.leaf = null;
    return;
  }
  const step = steps[index];
  if (typeof step !== "string") {
    const edge = node.edges?.find(({ key }) => key === step.key);
    if (!edge) return;
    prune(edge.next, steps, index + 1);
    if (!edge.next.empty) return;
    const others = (node.edges as Edge<E>[]).filter((other) => other !== edge);
    node.edges = others.length > 0 ? others : null;
    return;
  }
  if (offset === step.length) {
    prune(node, steps, index + 1);
    return;
  }
  const child = below(node, step.charCodeAt(offset));
  if (!child) return;
  prune(child, steps, index, offset + child.text.length);
  if (child.empty) detach(node, child);
  else join(node, child);
}
