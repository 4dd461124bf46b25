/** `pyrois/testing`: what tests ask an application with, without sockets or over a server; for any runner. */
export { type InjectRequest, type InjectResponse, inject } from "./server/inject.ts";
export { type Client, type ClientInit, type ClientOptions, client } from "./testing/client.ts";
export { type Cookie, CookieJar } from "./testing/cookies.ts";
export { type EventsInit, openEvents, type TestEvent, type TestEvents } from "./testing/events.ts";
export { type FetchOptions, fetchOf, type Target } from "./testing/fetch.ts";
export {
  type Recorder,
  RecordingMismatchError,
  type RecordMode,
  type RecordOptions,
  record,
} from "./testing/record.ts";
export { UnexpectedResponseError } from "./testing/unexpected.ts";
export { openWebSocket, type TestSocket, type TestSocketOptions } from "./testing/websocket.ts";
