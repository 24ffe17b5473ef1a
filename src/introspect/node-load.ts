// How much a node has to do, and what it runs on: read when somebody asks.
import { availableParallelism, platform, release } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { Clock } from '#base'
import type { Runtime } from '#process'
import type { History } from './history.ts'
import { type ArbiterSnapshot, arbiterSnapshot, type NodeParts } from './node-snapshot.ts'

export interface NodeLoad {
  readonly version: string
  readonly role: string
  readonly zone: string
  readonly uptimeMs: number
  readonly draining: boolean
  readonly joined: boolean
  readonly arbiter: ArbiterSnapshot | null
  readonly restarts: number
  readonly takeovers: number
  readonly crashes: number
  readonly handled: number
  readonly calls: number
  readonly callsFailed: number
  readonly mailboxMessages: number
  readonly oldestMessageMs: number
  readonly handoffs: { readonly in: number; readonly out: number }
  /** 0 to 1, since somebody asked last. */
  readonly eventLoopUtilisation: number
  /** How long the event loop took for its last turn. */
  readonly turnMs: number
  readonly rssBytes: number
  readonly heapUsedBytes: number
}

/** Counted since the node started, from its own events. */
export interface NodeTallies {
  restarts: number
  takeovers: number
}

export class LoadMeter {
  readonly #parts: NodeParts
  readonly #tallies: NodeTallies
  #utilisation = performance.eventLoopUtilization()

  constructor(parts: NodeParts, tallies: NodeTallies) {
    this.#parts = parts
    this.#tallies = tallies
  }

  async read(): Promise<NodeLoad> {
    const { runtime, cluster, replicator, handoffs, history, arbiter, version, role, zone, startedAt } = this.#parts
    const turnMs = await turn(runtime.clock)
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#utilisation)
    this.#utilisation = now
    const { rss: rssBytes, heapUsed: heapUsedBytes } = process.memoryUsage()
    return {
      version,
      role,
      zone,
      uptimeMs: runtime.clock.wall() - startedAt,
      draining: cluster.membership.leaving || cluster.membership.draining,
      joined: replicator.isJoined,
      arbiter: arbiterSnapshot(arbiter),
      ...this.#tallies,
      ...work(runtime, history),
      handoffs: handoffs.inProgress,
      eventLoopUtilisation: Math.min(1, Math.max(0, utilization)),
      turnMs,
      rssBytes,
      heapUsedBytes,
    }
  }
}

async function turn(clock: Clock): Promise<number> {
  const began = clock.now()
  await new Promise<void>((resolve) => clock.soon(resolve))
  return clock.now() - began
}

function work(runtime: Runtime, history: History) {
  const sum = { handled: 0, calls: 0, callsFailed: 0, mailboxMessages: 0, oldestMessageMs: 0, crashes: history.crashes.total }
  for (const { handled, calls } of runtime.allCounts().values()) {
    const { ok, ...failed } = calls
    const notOk = Object.values(failed).reduce((total, each) => total + each, 0)
    sum.handled += handled
    sum.calls += ok + notOk
    sum.callsFailed += notOk
  }
  for (const process of runtime.backlogged()) {
    sum.mailboxMessages += process.depth
    sum.oldestMessageMs = Math.max(sum.oldestMessageMs, process.oldestMs)
  }
  return sum
}

/** What the OS process is and has. */
export interface Machine {
  readonly runtime: {
    readonly node: string
    readonly v8: string
    readonly platform: string
    readonly pid: number
    readonly processors: number
  }
  readonly memory: {
    readonly rssBytes: number
    readonly heapUsedBytes: number
    readonly heapTotalBytes: number
    readonly heapLimitBytes: number
    readonly externalBytes: number
  }
  readonly cpu: { readonly userMs: number; readonly systemMs: number }
}

export function machine(): Machine {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    runtime: {
      node: process.versions.node,
      v8: process.versions.v8,
      platform: `${platform()} ${release()} ${process.arch}`,
      pid: process.pid,
      processors: availableParallelism(),
    },
    memory: {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      externalBytes: external,
    },
    cpu: { userMs: user / 1000, systemMs: system / 1000 },
  }
}
