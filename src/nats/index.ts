// nats: NATS JetStream as the engine that decides who owns a name, and that keeps states.
export { connectNats, type Nats } from './connect.ts'
export type { NatsOptions } from './options.ts'
export { isAble, OLDEST_SERVER } from './server-version.ts'
