// The process on each node that answers what other nodes and HTTP want to know of it. It only reads.
import { type Behaviour, genServer, reply } from '#otp'
import type { NodeId } from '#process'
import type { EventLog, EventPage } from './event-log.ts'
import { type NodeParts, type SupervisorSnapshot, supervisorSnapshots } from './node-snapshot.ts'
import { type ProcessInfo, topProcesses } from './process-info.ts'

/** Local name of the observer's process. */
export const OBSERVER = 'otp.observer'

export interface NodeSummary {
  readonly processes: number
  /** Names of the cluster whose owner is this node. */
  readonly names: number
  readonly draining: boolean
  readonly joined: boolean
  readonly version: string
  readonly uptimeMs: number
  readonly restarts: number
  readonly takeovers: number
}

/** What can be asked of a node, and what it answers. */
export interface ObserverCalls {
  summary: { payload: undefined; answer: NodeSummary }
  supervisors: { payload: undefined; answer: readonly SupervisorSnapshot[] }
  processes: { payload: { limit: number }; answer: readonly ProcessInfo[] }
  events: { payload: { after: Readonly<Record<NodeId, number>>; limit: number }; answer: EventPage }
}

/** Counted since the node started, from its own events. */
export interface NodeTallies {
  restarts: number
  takeovers: number
}

export function observerServer(parts: NodeParts, log: EventLog, tallies: NodeTallies): Behaviour<unknown> {
  const { runtime, cluster, registry, replicator } = parts
  return genServer({
    name: 'observer',
    init: () => undefined,
    calls: {
      summary: (state) => {
        const summary: NodeSummary = {
          processes: runtime.processCount,
          names: registry.countByNode().get(cluster.id) ?? 0,
          draining: cluster.membership.leaving,
          joined: replicator.isJoined,
          version: parts.version,
          uptimeMs: runtime.clock.wall() - parts.startedAt,
          ...tallies,
        }
        return reply(summary, state)
      },
      supervisors: (state) => reply(supervisorSnapshots(runtime), state),
      processes: (state, { limit }: ObserverCalls['processes']['payload']) => reply(topProcesses(runtime, limit), state),
      events: (state, { after, limit }: ObserverCalls['events']['payload']) => reply(log.after(after[cluster.id] ?? 0, limit), state),
    },
  })
}
