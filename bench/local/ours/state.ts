// Ours: calls of a child whose state is written before each answer, and of the same child with no store to write to.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figures } from '#bench/support/bench.ts'
import { type Measure, perSecond, runMeasure } from '#bench/support/program.ts'
import { startTelemetry } from '#observability'
import {
  createNode,
  genServer,
  localTopology,
  memoryStateStore,
  type Node,
  type Pid,
  reply,
  type StateStoreFactory,
  sqliteStateStore,
} from '#otp-labs'

const CALLS = 20_000
const CALLERS = 100

const Counter = genServer({
  name: 'counter',
  init: (start: number) => ({ count: start }),
  persist: true,
  calls: { add: ({ count }, by: number) => reply(count + by, { count: count + by }) },
})

const folder = mkdtempSync(join(tmpdir(), 'otp-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Nodes of one cluster in this OS process, linked over TCP; children are started, and called, on the first. */
async function startNodes(count: number, stateStore: StateStoreFactory | undefined, observed: boolean): Promise<Node> {
  const nodes: Node[] = []
  const options = { behaviours: [Counter], secret: 'the secret of a benchmark', ...(stateStore === undefined ? {} : { stateStore }) }
  for (let i = 0; i < count; i++) {
    nodes.push(await createNode({ name: `bench${i}`, ...options, topologies: count === 1 ? [] : [localTopology({ directory: folder })] }))
  }
  const [first] = nodes as [Node, ...Node[]]
  while (first.cluster.alive.size < count) await new Promise((resolve) => setTimeout(resolve, 10))
  if (observed) await observe(first)
  return first
}

async function observe(node: Node): Promise<void> {
  const telemetry = await startTelemetry({
    node: { id: node.id, name: node.name, version: '0', role: 'node', zone: '' },
    logLevel: 'info',
    logDestination: { write: () => undefined },
    env: {},
  })
  telemetry.attach(node.events, () => node.snapshot())
}

let started = 0

/** A new child that lives on this very node. */
async function startCounter(node: Node): Promise<Pid> {
  for (;;) {
    const result = await node.supervisor.startChild({ id: `counter-${++started}`, start: [Counter, 0], restart: 'temporary' })
    if (!result.ok) throw new Error(`a start failed: ${JSON.stringify(result.reason)}`)
    if (result.pid.node === node.id) return result.pid
  }
}

async function call(node: Node, pid: Pid, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await node.runtime.call(pid, 'add', 1)
}

const measure =
  (nodes: number, callers: number, stateStore?: () => StateStoreFactory): Measure =>
  async (observed): Promise<Figures> => {
    const node = await startNodes(nodes, stateStore?.(), observed)
    const run = (pid: Pid) => Promise.all(Array.from({ length: callers }, () => call(node, pid, CALLS / callers)))
    return { perSecond: await perSecond(CALLS, { prepare: () => startCounter(node), run }) }
  }

const sqlite = () => sqliteStateStore({ directory: join(folder, 'state') })

await runMeasure({
  'none-call': measure(1, 1),
  'none-call-100': measure(1, CALLERS),
  'sqlite-call': measure(1, 1, sqlite),
  'sqlite-call-100': measure(1, CALLERS, sqlite),
  'memory-call': measure(2, 1, memoryStateStore),
  'memory-call-100': measure(2, CALLERS, memoryStateStore),
})
