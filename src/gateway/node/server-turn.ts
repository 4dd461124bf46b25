/** Requests of the drop-in server. */
import type { AsyncResource } from "node:async_hooks";
import type { Exchange } from "../../h1/index.ts";
import type { Incoming, Outgoing } from "./messages.ts";
import { Turn } from "./turn.ts";

/** Whoever is told of a turn. */
export interface TurnOwner {
  /** The context of its connection. */
  readonly context: AsyncResource;
  /** All of the response was sent. */
  sent(turn: ServerTurn): void;
}

export class ServerTurn extends Turn {
  protected readonly between: AsyncResource;
  /** Nobody asks. */
  protected readonly sent: number = 0;
  readonly #owner: TurnOwner;
  /** When it began, by the clock of its server. */
  readonly began: number;

  constructor(exchange: Exchange, req: Incoming, res: Outgoing, owner: TurnOwner, began: number) {
    super(exchange, req, res);
    this.between = owner.context;
    this.#owner = owner;
    this.began = began;
  }

  override finish(): void {
    this.#owner.sent(this);
    super.finish();
  }

  /** As on node:http, 100 (Continue) was sent already, or is for a listener to send. */
  protected contentWanted(): void {}

  /** As on node:http, the request is told that its client has gone when the connection closes, which follows. */
  protected contentFailed(): void {}
}
