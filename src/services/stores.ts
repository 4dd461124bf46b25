/** `pyrois/stores`: what sessions, caches and rate limits keep things in. */
export { FileStore, type FileStoreOptions } from "./stores/file.ts";
export { MemoryStore, type MemoryStoreOptions } from "./stores/memory.ts";
export { type RedisConnection, RedisStore, type RedisStoreOptions } from "./stores/redis.ts";
export type { Store } from "./stores/store.ts";
