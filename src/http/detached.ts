/** Requests that outlast their exchange. */
import { Exchange, type ExchangeOwner } from "../h1/exchange.ts";
import { RequestHead } from "../parser/index.ts";

function noAnswer(): never {
  throw new Error("a request that was detached has no answer");
}

/** An exchange with the same head as another, no content and nobody who takes an answer; it never ends. */
export function detach({ head, peer }: Exchange): Exchange {
  const owner: ExchangeOwner = {
    peer,
    stream: undefined,
    continue() {},
    inform() {},
    answer: noAnswer,
    letWrite: noAnswer,
    written: noAnswer,
    closesAfter: noAnswer,
    handOver: noAnswer,
  };
  const detached = new Exchange(owner, new RequestHead(head.own().source));
  detached.end();
  return detached;
}
