/**
 * The tree of patterns with parameters: fixed text is compressed as in a radix tree, across segments, and parameters
 * are edges of the nodes at which a segment begins.
 */
import { isPlain, isRest, type Kind } from "./converters.ts";
import { type Mixed, mixedOf } from "./mixed.ts";
import { ANY, nameOf, type Part, type Segment, setOf } from "./pattern.ts";

/** What an edge takes, most specific first. */
export const MIXED = 0;
export const TYPED = 1;
export const PLAIN = 2;
export const REST = 3;

/** What an edge takes, and how it stands to others: the same for all segments that are written alike. */
interface Shape {
  /** MIXED, TYPED, PLAIN or REST. */
  readonly type: number;
  /** Tells it from the other edges of its node. */
  readonly key: string;
  /** What it takes: the order in which kinds are tried makes no difference to it. */
  readonly set: string;
  /** Smaller is more specific, of two edges of one type. */
  readonly rank: number;
  /** What the segment is made of. */
  readonly mixed: Mixed;
  /** Of the parameter, where there is one; empty where its value is the text as it stands. */
  readonly kinds: readonly Kind[];
}

/** Shapes of segments that are one parameter, which many routes have. */
const shapes = new WeakMap<Segment, Shape>();

function shapeOf(segment: Segment): Shape {
  if (segment.length !== 1) return newShape(segment);
  const known = shapes.get(segment);
  if (known) return known;
  const shape = newShape(segment);
  shapes.set(segment, shape);
  return shape;
}

function newShape(segment: Segment): Shape {
  const mixed = mixedOf(segment);
  const { texts, kinds } = mixed;
  if (kinds[0] === ANY && kinds.length === 1 && texts[0] === "" && texts[1] === "") {
    return { type: PLAIN, key: "{string}", set: "{string}", rank: 0, mixed, kinds: NO_KINDS };
  }
  let key = texts[0];
  let set = key;
  let text = key.length;
  let ranks = 0;
  for (let index = 0; index < kinds.length; ++index) {
    const after = texts[index + 1];
    key += `{${nameOf(kinds[index])}}${after}`;
    set += `{${setOf(kinds[index])}}${after}`;
    text += after.length;
    ranks += widest(kinds[index]);
  }
  // More text is more specific, then narrower kinds; ranks of 32 parameters stay below 1024.
  const rank = ranks - 1024 * text;
  const plain = kinds[0].some(isPlain);
  const type = kinds[0].some(isRest) ? REST : text > 0 || kinds.length > 1 ? MIXED : plain ? PLAIN : TYPED;
  // A union that has string among others takes all, but gives values of its own: only the bare one needs no kinds.
  return { type, key, set, rank, mixed, kinds: type >= PLAIN && kinds[0].length === 1 ? NO_KINDS : kinds[0] };
}

/** A way from the beginning of a segment to its end, or to the end of the path; has its shape's own values at hand. */
export class Edge<E> implements Shape {
  readonly type: number;
  readonly key: string;
  readonly set: string;
  readonly rank: number;
  readonly mixed: Mixed;
  readonly kinds: readonly Kind[];
  readonly next: Node<E> = new Node("");

  constructor(shape: Shape) {
    this.type = shape.type;
    this.key = shape.key;
    this.set = shape.set;
    this.rank = shape.rank;
    this.mixed = shape.mixed;
    this.kinds = shape.kinds;
  }
}

const NO_KINDS: readonly Kind[] = [];

function widest(kinds: readonly Kind[]): number {
  let most = 0;
  for (const { rank } of kinds) most = Math.max(most, rank);
  return most;
}

/** A place in the tree. */
export class Node<E> {
  /** Fixed text that leads here from the node above. */
  text: string;
  /** Nodes below by the first character of their text, from that of code `base` on; null where there are none. */
  below: (Node<E> | null)[] | null = null;
  base = 0;
  /** Most specific first; null where there are none. */
  edges: Edge<E>[] | null = null;
  /** What is registered for the paths that end here; null where nothing is. */
  entries: E[] | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get empty(): boolean {
    return this.entries === null && this.edges === null && this.below === null;
  }
}

function compare<E>(a: Edge<E>, b: Edge<E>): number {
  if (a.type !== b.type) return a.type - b.type;
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.key < b.key ? -1 : 1;
}

/** The node below whose text begins with a character. */
function below<E>(node: Node<E>, code: number): Node<E> | null {
  return code < node.base ? null : (node.below?.[code - node.base] ?? null);
}

function attach<E>(node: Node<E>, child: Node<E>): void {
  const code = child.text.charCodeAt(0);
  if (node.below === null) {
    node.below = [child];
    node.base = code;
    return;
  }
  const old = node.below;
  const first = Math.min(node.base, code);
  const end = Math.max(node.base + old.length, code + 1);
  if (old.length !== end - first) {
    // Not pushed to, for it would have room for many more, and most nodes have few below.
    node.below = new Array(end - first).fill(null);
    for (let index = 0; index < old.length; ++index) node.below[node.base + index - first] = old[index];
    node.base = first;
  }
  node.below[code - first] = child;
}

function detach<E>(node: Node<E>, child: Node<E>): void {
  const others = (node.below ?? []).filter((other) => other !== null && other !== child);
  node.below = null;
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
  let at = node;
  for (let taken = 0; taken < text.length; taken += at.text.length) {
    let child = below(at, text.charCodeAt(taken));
    if (child === null) {
      child = new Node<E>(text.slice(taken));
      attach(at, child);
    } else if (!text.startsWith(child.text, taken)) {
      child = split(at, child, commonLength(child.text, text.slice(taken)));
    }
    at = child;
  }
  return at;
}

/** Puts a node between another and the one below it, which that keeps so many characters of its text. */
function split<E>(node: Node<E>, child: Node<E>, length: number): Node<E> {
  const upper = new Node<E>(child.text.slice(0, length));
  child.text = child.text.slice(length);
  attach(upper, child);
  attach(node, upper);
  return upper;
}

function growEdge<E>(node: Node<E>, shape: Shape): Node<E> {
  for (const edge of node.edges ?? []) if (edge.key === shape.key) return edge.next;
  const edge = new Edge<E>(shape);
  node.edges = node.edges === null ? [edge] : node.edges.concat(edge).sort(compare);
  return edge.next;
}

/** The node that steps lead to, made where it is missing. */
export function grow<E>(root: Node<E>, steps: readonly Part[]): Node<E> {
  let node = root;
  for (const step of steps) node = typeof step === "string" ? growText(node, step) : growEdge(node, shapeOf(step));
  return node;
}

/** The nodes whose paths are those that steps lead to: more than one where kinds stand in different order. */
export function reach<E>(from: Node<E>, steps: readonly Part[], index = 0): Node<E>[] {
  if (index === steps.length) return [from];
  const step = steps[index];
  if (typeof step !== "string") {
    const wanted = shapeOf(step).set;
    const same = from.edges?.filter(({ set }) => set === wanted) ?? [];
    return same.flatMap(({ next }) => reach(next, steps, index + 1));
  }
  let node = from;
  for (let at = 0; at < step.length; at += node.text.length) {
    const child = below(node, step.charCodeAt(at));
    if (child === null || !step.startsWith(child.text, at)) return [];
    node = child;
  }
  return reach(node, steps, index + 1);
}

/** Joins a node with the only one below it, where nothing else hangs on it. */
function join<E>(node: Node<E>, child: Node<E>): void {
  if (child.entries !== null || child.edges !== null) return;
  const [only, ...others] = (child.below ?? []).filter((other) => other !== null);
  if (!only || others.length > 0) return;
  only.text = child.text + only.text;
  attach(node, only);
}

/** Takes away the node that steps lead to, where it has no entries, and all that led to it alone. */
export function prune<E>(node: Node<E>, steps: readonly Part[], index = 0, offset = 0): void {
  if (index === steps.length) return;
  const step = steps[index];
  if (typeof step !== "string") {
    const wanted = shapeOf(step).key;
    const edge = node.edges?.find(({ key }) => key === wanted);
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
