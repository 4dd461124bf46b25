/** What a worker asks all workers, itself among them, by way of the primary process. */
import { workerNumber } from "./number.ts";

/** Milliseconds that all workers have to answer; those that are hung are left out. */
const PATIENCE = 2000;

const TAG = "pyrois:gather";

/** What goes from a worker to the primary: a question for all, or the answer to one; and the other way round. */
type Message = { readonly pyrois: typeof TAG; readonly id: number } & (
  | { readonly type: "ask" | "question"; readonly name: string }
  | { readonly type: "answer"; readonly value: unknown }
  | { readonly type: "answers"; readonly values: readonly unknown[] }
);

/** A worker as the primary reaches it. */
export interface Reached {
  send(message: object): void;
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && (value as Partial<Message>).pyrois === TAG;
}

/** The primary's part: passes questions on, and what comes of them back. */
export class Gatherer {
  readonly #reached: () => Iterable<Reached>;
  readonly #open = new Map<number, (from: Reached, value: unknown) => void>();
  #last = 0;

  /** `reached` gives the workers that there are. */
  constructor(reached: () => Iterable<Reached>) {
    this.#reached = reached;
  }

  /** Takes a message of a worker; what is none of these does nothing. */
  receive(from: Reached, message: unknown): void {
    if (!isMessage(message)) return;
    if (message.type === "ask") this.#ask(from, message.id, message.name);
    else if (message.type === "answer") this.#open.get(message.id)?.(from, message.value);
  }

  #ask(asker: Reached, id: number, name: string): void {
    const number = ++this.#last;
    const waitingFor = new Set([...this.#reached(), asker]);
    const values: unknown[] = [];
    const end = () => {
      clearTimeout(timer);
      this.#open.delete(number);
      asker.send({ pyrois: TAG, type: "answers", id, values } satisfies Message);
    };
    const timer = setTimeout(end, PATIENCE);
    this.#open.set(number, (from, value) => {
      if (!waitingFor.delete(from)) return;
      if (value !== undefined) values.push(value);
      if (waitingFor.size === 0) end();
    });
    for (const worker of waitingFor) worker.send({ pyrois: TAG, type: "question", id: number, name } satisfies Message);
  }
}

const givers = new Map<string, () => unknown>();
const asked = new Map<number, (values: readonly unknown[]) => void>();
let last = 0;

function send(message: Message): void {
  // An error is that of a primary that has ended: so does this process.
  process.send?.(message, undefined, undefined, () => {});
}

async function answer(id: number, name: string): Promise<void> {
  try {
    send({ pyrois: TAG, type: "answer", id, value: await givers.get(name)?.() });
  } catch {
    send({ pyrois: TAG, type: "answer", id, value: undefined });
  }
}

function receive(message: unknown): void {
  if (!isMessage(message)) return;
  if (message.type === "question") answer(message.id, message.name);
  if (message.type !== "answers") return;
  asked.get(message.id)?.(message.values);
  asked.delete(message.id);
}

/** Whether there are others to ask, or to be asked by. */
function isReached(): boolean {
  return workerNumber() !== null && process.connected;
}

/** Has this worker answer a question; does nothing in a process that is no worker. */
export function offer(name: string, give: () => unknown): void {
  if (!isReached()) return;
  if (givers.size === 0) {
    process.on("message", receive);
    // To be asked is no reason to go on.
    process.channel?.unref();
  }
  givers.set(name, give);
}

/** What all workers answer that can in time; null in a process that is no worker. Needs an `offer`. */
export function gather(name: string): Promise<readonly unknown[]> | null {
  if (!isReached()) return null;
  const id = ++last;
  send({ pyrois: TAG, type: "ask", id, name });
  return new Promise((resolve) => asked.set(id, resolve));
}
