// Ours: calls of a child whose state is written before each answer, and of the same child with no store to write to.
import { join } from 'node:path'
import { runMeasure } from '#bench/support/program.ts'
import { memoryStateStore, sqliteStateStore } from '#otp-labs'
import { callsOf, folder } from './durable-calls.ts'

const callers = 100
const sqlite = { stateStore: () => sqliteStateStore({ directory: join(folder, 'state') }) }
const memory = { nodes: 2, stateStore: () => memoryStateStore() }

await runMeasure({
  'none-call': callsOf({}),
  'none-call-100': callsOf({ callers }),
  'sqlite-call': callsOf(sqlite),
  'sqlite-call-100': callsOf({ ...sqlite, callers }),
  'memory-call': callsOf(memory),
  'memory-call-100': callsOf({ ...memory, callers }),
})
