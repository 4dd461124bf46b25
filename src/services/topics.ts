/** `pyrois/topics`: messages for whoever listens to their topic, in one thread, on one machine, or over Redis. */
export { ClusterTransport, type ClusterTransportOptions } from "./topics/cluster.ts";
export type { Listener, Receiver, Sender } from "./topics/receivers.ts";
export { RedisTransport, type RedisTransportOptions } from "./topics/redis.ts";
export { ThreadTransport, type ThreadTransportOptions } from "./topics/threads.ts";
export { DEFAULT_TOPICS_OPTIONS, Topics, type TopicsOptions } from "./topics/topics.ts";
export type { TopicsTransport, TransportEvents } from "./topics/transport.ts";
