// Every fact a node can state: the rooms' events put together, with those of the node itself.
import type { EventStream } from '#base'
import type { ProcessEvents, NodeId } from '#process'
import type { ClusterEvents } from './cluster/events.ts'
import type { DistributedEvents } from './distributed/events.ts'
import type { HttpEvents } from './http/events.ts'
import type { OtpEvents } from './otp/events.ts'

export interface LifecycleEvents {
  'node.started': { node: NodeId; name: string; address: string; at: number }
  /** It places nothing here any more, says so to its peers and stops its children. */
  'node.leaving': { node: NodeId; reason: string; at: number }
  'node.stopped': { node: NodeId; reason: string; at: number; durationMs: number }
}

export type NodeEvents = ProcessEvents & OtpEvents & ClusterEvents & DistributedEvents & HttpEvents & LifecycleEvents

export type NodeEventStream = EventStream<NodeEvents>
