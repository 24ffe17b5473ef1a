// Ours: calls of children whose state is written before each answer, to NATS or to another store.
import { join } from 'node:path'
import { callsOf, type DurableCalls, folder } from '#bench/local/ours/durable-calls.ts'
import { type Measure, runMeasure } from '#bench/support/program.ts'
import { memoryStateStore, sqliteStateStore } from '#otp-labs'
import { type Servers, withNats } from './servers.ts'

type Store = Pick<DurableCalls, 'nodes' | 'stateStore'>

const sqlite = (survives: 'kill' | 'power_loss'): Store => ({
  stateStore: () => sqliteStateStore({ directory: join(folder, survives), survives }),
})

/** One call after the other; 100 callers of one child, who share writes; 100 children with a caller each, who share none. */
const SHAPES: Readonly<Record<string, Omit<DurableCalls, keyof Store>>> = {
  one: { calls: 200 },
  shared: { callers: 100, calls: 10_000 },
  apart: { callers: 100, children: 100, calls: 5000 },
}

const STORES: Readonly<Record<string, Store>> = {
  none: {},
  memory: { nodes: 2, stateStore: () => memoryStateStore() },
  sqlite: sqlite('kill'),
  'sqlite-synced': sqlite('power_loss'),
}

const onNats =
  (servers: Servers, shape: (typeof SHAPES)[string]): Measure =>
  (observed) =>
    withNats(servers, (nats) => callsOf({ ...shape, stateStore: () => nats.stateStore() })(observed))

await runMeasure(
  Object.fromEntries(
    Object.entries(SHAPES).flatMap(([name, shape]) => [
      ...Object.entries(STORES).map(([store, options]): [string, Measure] => [`${store}-${name}`, callsOf({ ...options, ...shape })]),
      [`nats-1-${name}`, onNats(1, shape)] as [string, Measure],
      [`nats-3-${name}`, onNats(3, shape)] as [string, Measure],
    ]),
  ),
)
