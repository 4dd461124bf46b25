/** `pyrois`: the server and the framework, for Node. */
// As a whole: what is named here could not be added to by those who declare what is in it.
export * from "./app.ts";
export { App, type AppModule } from "./server/app.ts";
export { ServerBuilder } from "./server/builder.ts";
export type {
  ConnectionMessage,
  ParseErrorMessage,
  ProxyErrorMessage,
  RequestEndMessage,
  RequestErrorMessage,
  RequestStartMessage,
} from "./server/diagnostics.ts";
export type { InjectRequest, InjectResponse } from "./server/inject.ts";
export type { Loadable } from "./server/modules.ts";
export { DEFAULT_SERVER_OPTIONS, type ServerOptions, type StopOptions } from "./server/options.ts";
export type { ProxyErrorReason } from "./server/proxy-header.ts";
export type { ProxyProtocolOptions } from "./server/proxy-protocol.ts";
export type { RunningServer, RunOptions, ServerCounters, WorkerInfo } from "./server/running.ts";
export { type ServeOptions, serve } from "./server/serve.ts";
export { Server } from "./server/server.ts";
export { ServerThread, type ServerThreadOptions, type ThreadEnd, type ThreadPlace } from "./server/thread.ts";
export { type TakeSocket, tunnel, upgrade } from "./server/upgrade.ts";
export type { Socket, WebSocketHandlers, WebSocketOptions } from "./server/websocket.ts";
export type { WorkerOptions } from "./server/workers/options.ts";
export { type FileInit, file } from "./services/file.ts";
