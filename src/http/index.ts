// http: the node's servers: the observer's API, metrics and health.
export type { HttpEvents } from './events.ts'
export { loopbackOnly } from './loopback-only.ts'
export type { Problem } from './problem.ts'
export { type HealthSource, healthRoutes } from './routes/health.ts'
export { type ObserverOptions, observerRoutes } from './routes/observer.ts'
export { pageRoutes } from './routes/page.ts'
export { close, createHttpServer, type HttpServerOptions, listen } from './server.ts'
