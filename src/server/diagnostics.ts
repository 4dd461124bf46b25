/**
 * What a server tells whoever listens on `node:diagnostics_channel`: traces, logs, metrics. Nothing is made of a
 * message where nobody does.
 */
import { type Channel, channel } from "node:diagnostics_channel";
import type { Servable } from "../app/index.ts";
import type { Exchange, Peer } from "../h1/index.ts";
import type { HttpRequest } from "../http/index.ts";
import type { ParseError } from "../parser/index.ts";
import type { ProxyErrorReason } from "./proxy-header.ts";

/** A connection was opened, or is gone or handed over. */
export interface ConnectionMessage {
  readonly peer: Peer;
}

/** A request has come, before its handler is called. */
export interface RequestStartMessage {
  readonly request: HttpRequest;
}

/** A request is over: its response was written, or its client has gone. */
export interface RequestEndMessage {
  /** Can be read for the last time. */
  readonly request: HttpRequest;
  /** Status of the response; 0 where the client has gone before there was one. */
  readonly status: number;
  /** Bytes of content that were sent, without what frames them: none of an answer to HEAD. */
  readonly bytes: number;
  /** Milliseconds from its head to where this is read; 0 where nobody listened yet when it came. */
  readonly duration: number;
  /** Whose request it was. */
  readonly application: Servable;
}

/** A handler, or the source of a response, has thrown what is no `HttpError`; the client sees 500, or is cut off. */
export interface RequestErrorMessage {
  readonly request: HttpRequest;
  readonly error: unknown;
}

/** What a client sent was no HTTP, or too much, or came too late: code, name, offset and the bytes around it. */
export interface ParseErrorMessage {
  readonly error: ParseError;
  readonly peer: Peer;
  /** To whom it was sent. */
  readonly application: Servable;
}

/** A connection was closed for what it began with, in place of a header of the PROXY protocol. */
export interface ProxyErrorMessage {
  readonly reason: ProxyErrorReason;
  /** The connection itself: whoever is behind it is not known. */
  readonly peer: Peer;
}

const connectionOpen = channel("pyrois:connection:open");
const connectionClose = channel("pyrois:connection:close");
const requestStart = channel("pyrois:request:start");
const requestEnd = channel("pyrois:request:end");
const requestError = channel("pyrois:request:error");
const parseError = channel("pyrois:parse:error");
const proxyError = channel("pyrois:proxy:error");

function tell<Message>(to: Channel, message: Message): void {
  to.publish(message);
}

export function tellConnectionOpen(peer: Peer): void {
  if (connectionOpen.hasSubscribers) tell<ConnectionMessage>(connectionOpen, { peer });
}

export function tellConnectionClose(peer: Peer): void {
  if (connectionClose.hasSubscribers) tell<ConnectionMessage>(connectionClose, { peer });
}

export function tellRequestStart(request: HttpRequest): void {
  if (requestStart.hasSubscribers) tell<RequestStartMessage>(requestStart, { request });
}

/** Whether somebody wants to know how long requests take. */
export function timesRequests(): boolean {
  return requestEnd.hasSubscribers;
}

/** The end of a request. How long it took is reckoned when it is asked for: to look at a clock costs what little else does. */
class RequestEnd implements RequestEndMessage {
  readonly request: HttpRequest;
  readonly status: number;
  readonly bytes: number;
  readonly application: Servable;
  readonly #began: number;

  constructor({ context, status, sent, began }: Exchange, application: Servable) {
    this.request = context as HttpRequest;
    this.status = status;
    this.bytes = sent;
    this.application = application;
    this.#began = began;
  }

  get duration(): number {
    return this.#began === 0 ? 0 : performance.now() - this.#began;
  }
}

export function tellRequestEnd(exchange: Exchange, application: Servable): void {
  if (requestEnd.hasSubscribers) tell<RequestEndMessage>(requestEnd, new RequestEnd(exchange, application));
}

export function tellRequestError(error: unknown, request: HttpRequest): void {
  if (requestError.hasSubscribers) tell<RequestErrorMessage>(requestError, { request, error });
}

export function tellParseError(error: ParseError, peer: Peer, application: Servable): void {
  if (parseError.hasSubscribers) tell<ParseErrorMessage>(parseError, { error, peer, application });
}

export function tellProxyError(reason: ProxyErrorReason, peer: Peer): void {
  if (proxyError.hasSubscribers) tell<ProxyErrorMessage>(proxyError, { reason, peer });
}
