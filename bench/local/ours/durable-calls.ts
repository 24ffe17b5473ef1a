// Calls of a child whose state is written before each answer, whichever store it is written to.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figures } from '#bench/support/bench.ts'
import { type Measure, perSecond } from '#bench/support/program.ts'
import { startTelemetry } from '#observability'
import { createNode, genServer, localTopology, type Node, type Pid, reply, type StateStoreFactory } from '#otp-labs'

const Counter = genServer({
  name: 'counter',
  init: (start: number) => ({ count: start }),
  persist: true,
  calls: { add: ({ count }, by: number) => reply(count + by, { count: count + by }) },
})

/** Of this program, and gone with it. */
export const folder = mkdtempSync(join(tmpdir(), 'otp-bench-'))
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

export interface DurableCalls {
  /** Nodes in this OS process; default 1. */
  readonly nodes?: number
  /** Each has one call at a time under way; default 1. They are shared out among the children, of which there is 1 by default. */
  readonly callers?: number
  readonly children?: number
  readonly calls?: number
  /** Default: none. */
  readonly stateStore?: () => StateStoreFactory | Promise<StateStoreFactory>
}

/** How many calls a second are answered. */
export const callsOf =
  ({ nodes = 1, callers = 1, children = 1, calls = 20_000, stateStore }: DurableCalls): Measure =>
  async (observed): Promise<Figures> => {
    const node = await startNodes(nodes, await stateStore?.(), observed)
    const prepare = () => Promise.all(Array.from({ length: children }, () => startCounter(node)))
    const run = (pids: readonly Pid[]) =>
      Promise.all(Array.from({ length: callers }, (_, index) => call(node, pids[index % children] as Pid, calls / callers)))
    return { perSecond: await perSecond(calls, { prepare, run }) }
  }
